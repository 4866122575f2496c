/* Data as str or bytes: see data.h. */
#include "output/data.h"

#include "kpl/simd/base64.h"

PyObject *
deagg_data_text(deagg_state *state, kpl_bytes bytes)
{
    PyObject *text = PyUnicode_New((Py_ssize_t)kpl_base64_encoded_size(bytes.size), 127);
    if (text != NULL && bytes.size != 0) {
        state->kernels->base64_encode(bytes, (char *)PyUnicode_1BYTE_DATA(text));
    }
    return text;
}

PyObject *
deagg_data_bytes(kpl_bytes bytes)
{
    return PyBytes_FromStringAndSize((const char *)bytes.data, (Py_ssize_t)bytes.size);
}
