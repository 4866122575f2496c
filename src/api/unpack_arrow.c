/* Payloads to columns: see unpack_arrow.h. */
#include "api/unpack_arrow.h"

#include "api/arrow_import.h"
#include "api/user_record_batches.h"
#include "input/payload.h"

/* The content of item `index`: a new reference to bytes or None, or NULL with an exception. */
static PyObject *
read_item(deagg_state *state, PyObject *item, Py_ssize_t index)
{
    PyObject *content = NULL;
    if (item == Py_None) {
        return Py_NewRef(item);
    }
    if (!PyObject_CheckBuffer(item)) {
        PyErr_Format(PyExc_TypeError,
                     "payload %zd must be a bytes-like object or None, not '%.200s'%s", index,
                     Py_TYPE(item)->tp_name,
                     PyUnicode_Check(item) ? "; base64.b64decode() decodes text" : "");
        return NULL;
    }
    (void)deagg_payload_decode(state, item, false, true, &content);
    return content;
}

/* The contents of all items of a tuple, which cannot change: a new tuple of bytes and None, or
 * NULL with an exception. */
static PyObject *
read_items(deagg_state *state, PyObject *items)
{
    PyObject *contents = PyTuple_New(PyTuple_GET_SIZE(items));
    for (Py_ssize_t i = 0; contents != NULL && i < PyTuple_GET_SIZE(items); i++) {
        PyObject *content = read_item(state, PyTuple_GET_ITEM(items, i), i);
        if (content == NULL) {
            Py_CLEAR(contents);
        }
        else {
            PyTuple_SET_ITEM(contents, i, content);
        }
    }
    return contents;
}

/* Appends the rows of a tuple of bytes and None. 0, or -1 with MemoryError. */
static int
append_contents(PyObject *contents, kpl_column_builder *builder)
{
    size_t count = (size_t)PyTuple_GET_SIZE(contents);
    kpl_bytes *payloads = PyMem_Calloc(count, sizeof *payloads);
    if (payloads == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        PyObject *content = PyTuple_GET_ITEM(contents, (Py_ssize_t)i);
        if (content != Py_None) {
            (void)deagg_payload_try_borrow(content, &payloads[i]);
        }
    }
    int result = deagg_arrow_append_payloads(builder, payloads, count);
    PyMem_Free(payloads);
    return result;
}

/* Appends the rows of a sequence. 0, or -1 with an exception. */
static int
append_sequence(deagg_state *state, PyObject *payloads, kpl_column_builder *builder)
{
    if (!PySequence_Check(payloads) || PyUnicode_Check(payloads) || PyBytes_Check(payloads) ||
        PyByteArray_Check(payloads) || PyMemoryView_Check(payloads)) {
        PyErr_Format(PyExc_TypeError,
                     "payloads must be a sequence of bytes-like objects or a column of them, not "
                     "'%.200s'%s",
                     Py_TYPE(payloads)->tp_name,
                     PyObject_CheckBuffer(payloads) ? "; pass [payload] for a single payload"
                                                    : "");
        return -1;
    }
    int result = -1;
    PyObject *items = PySequence_Tuple(payloads);
    PyObject *contents = items == NULL ? NULL : read_items(state, items);
    Py_XDECREF(items);
    if (contents != NULL) {
        result = append_contents(contents, builder);
        Py_DECREF(contents);
    }
    return result;
}

/* Appends the rows of all payloads. 0, or -1 with an exception. */
static int
append_all(deagg_state *state, PyObject *payloads, kpl_column_builder *builder)
{
    int appended = 0;
    if (!PyList_CheckExact(payloads) && !PyTuple_CheckExact(payloads)) {
        appended = deagg_arrow_append(payloads, builder);
    }
    if (appended != 0) {
        return appended < 0 ? -1 : 0;
    }
    return append_sequence(state, payloads, builder);
}

PyObject *
deagg_unpack_arrow(deagg_state *state, PyObject *payloads, bool verify)
{
    kpl_column_builder builder =
        kpl_column_builder_new(deagg_arrow_allocator(), state->kernels, verify);
    int appended = append_all(state, payloads, &builder);
    kpl_batches batches = kpl_column_builder_finish(&builder);
    if (appended < 0) {
        kpl_batches_release(&batches, &builder.allocator);
        return NULL;
    }
    deagg_shared_batches *shared = deagg_shared_batches_new(batches);
    return shared == NULL ? PyErr_NoMemory() : deagg_user_record_batches_new(state, shared);
}
