/* Opens payloads: see payload.h. */
#include "payload.h"

#include "kpl/md5.h"

int
deagg_scratch_reserve(deagg_scratch *scratch, size_t size)
{
    if (scratch->bytes != NULL && size <= scratch->capacity) {
        return 0;
    }
    deagg_scratch_release(scratch);
    scratch->bytes = PyMem_RawMalloc(size);
    if (scratch->bytes == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    scratch->capacity = size;
    return 0;
}

void
deagg_scratch_release(deagg_scratch *scratch)
{
    PyMem_RawFree(scratch->bytes);
    scratch->bytes = NULL;
    scratch->capacity = 0;
}

/* Finds the message in a decoded payload and checks its digest. Needs no GIL. */
static kpl_status
open_bytes(kpl_bytes payload, kpl_bytes *message)
{
    kpl_frame frame;
    kpl_status status = kpl_frame_open(payload, &frame);
    if (status != KPL_OK) {
        return status;
    }
    uint8_t digest[KPL_DIGEST_SIZE];
    kpl_md5(frame.message, digest);
    if (!kpl_frame_has_digest(&frame, digest)) {
        return KPL_WRONG_DIGEST;
    }
    *message = frame.message;
    return KPL_OK;
}

/* Opens clean base64; KPL_NOT_BASE64 for any other text. Needs no GIL. */
static kpl_status
open_clean_text(const kpl_kernels *kernels, kpl_bytes text, const deagg_scratch *scratch,
                kpl_bytes *message)
{
    size_t size;
    if (!kernels->base64_decode(text, scratch->bytes, &size)) {
        return KPL_NOT_BASE64;
    }
    return open_bytes((kpl_bytes){scratch->bytes, size}, message);
}

/* What text that does not decode is: damaged if it claims to be an aggregate, plain otherwise. */
static kpl_status
undecodable(kpl_bytes text)
{
    return kpl_frame_text_starts_with_magic(text) ? KPL_NOT_BASE64 : KPL_NOT_AGGREGATED;
}

/* Reads odd text exactly as this Python's binascii does. 1 and the bytes in *scratch, 0 for text
 * that does not decode, -1 with an exception. */
static int
decode_leniently(PyObject *payload, deagg_scratch *scratch, size_t *size)
{
    PyObject *decoded = NULL;
    PyObject *binascii = PyImport_ImportModule("binascii");
    if (binascii == NULL) {
        return -1;
    }
    decoded = PyObject_CallMethod(binascii, "a2b_base64", "O", payload);
    Py_DECREF(binascii);
    if (decoded == NULL) {
        if (PyErr_ExceptionMatches(PyExc_ValueError)) {
            PyErr_Clear();
            return 0;
        }
        return -1;
    }
    int result = -1;
    char *bytes;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(decoded, &bytes, &length) < 0) {
        goto done;
    }
    if (deagg_scratch_reserve(scratch, (size_t)length) < 0) {
        goto done;
    }
    memcpy(scratch->bytes, bytes, (size_t)length);
    *size = (size_t)length;
    result = 1;
done:
    Py_DECREF(decoded);
    return result;
}

/* Opens base64 `text`, which is what `payload` holds. Returns as deagg_payload_open does. */
static int
open_text(deagg_state *state, PyObject *payload, kpl_bytes text, deagg_scratch *scratch,
          kpl_status *status, kpl_bytes *message)
{
    if (!kpl_frame_text_may_hold_magic(text)) {
        *status = KPL_NOT_AGGREGATED;
        return 0;
    }
    if (deagg_scratch_reserve(scratch, text.size / 4 * 3) < 0) {
        return -1;
    }
    bool immutable = PyUnicode_Check(payload) || PyBytes_Check(payload);
    if (immutable && text.size >= DEAGG_GIL_THRESHOLD) {
        Py_BEGIN_ALLOW_THREADS *status = open_clean_text(state->kernels, text, scratch, message);
        Py_END_ALLOW_THREADS
    }
    else {
        *status = open_clean_text(state->kernels, text, scratch, message);
    }
    if (*status != KPL_NOT_BASE64) {
        return 0;
    }
    size_t size;
    int decoded = decode_leniently(payload, scratch, &size);
    if (decoded > 0) {
        *status = open_bytes((kpl_bytes){scratch->bytes, size}, message);
    }
    else if (decoded == 0) {
        *status = undecodable(text);
    }
    return decoded < 0 ? -1 : 0;
}

static int
open_str(deagg_state *state, PyObject *payload, deagg_scratch *scratch, kpl_status *status,
         kpl_bytes *message)
{
    if (deagg_str_ready(payload) < 0) {
        return -1;
    }
    if (!PyUnicode_IS_ASCII(payload)) {
        /* No base64 reader takes it, so only its beginning counts. */
        uint8_t beginning[8];
        size_t size = 0;
        while (size < sizeof beginning && size < (size_t)PyUnicode_GET_LENGTH(payload)) {
            Py_UCS4 character = PyUnicode_READ_CHAR(payload, (Py_ssize_t)size);
            beginning[size++] = character < 128 ? (uint8_t)character : 0;
        }
        *status = undecodable((kpl_bytes){beginning, size});
        return 0;
    }
    kpl_bytes text = {PyUnicode_1BYTE_DATA(payload), (size_t)PyUnicode_GET_LENGTH(payload)};
    return open_text(state, payload, text, scratch, status, message);
}

static void
refuse_type(PyObject *payload)
{
    PyErr_Format(PyExc_TypeError,
                 "a Kinesis record's data must be str or a bytes-like object, not '%.200s'",
                 Py_TYPE(payload)->tp_name);
}

int
deagg_payload_open(deagg_state *state, PyObject *payload, deagg_scratch *scratch,
                   kpl_status *status, kpl_bytes *message)
{
    if (PyUnicode_Check(payload)) {
        return open_str(state, payload, scratch, status, message);
    }
    if (!PyObject_CheckBuffer(payload)) {
        refuse_type(payload);
        return -1;
    }
    Py_buffer view;
    if (PyObject_GetBuffer(payload, &view, PyBUF_SIMPLE) < 0) {
        if (PyErr_ExceptionMatches(PyExc_BufferError)) {
            /* A buffer that is not contiguous makes no bytes-like object. */
            refuse_type(payload);
        }
        return -1;
    }
    kpl_bytes text = {view.buf, (size_t)view.len};
    int result = open_text(state, payload, text, scratch, status, message);
    PyBuffer_Release(&view);
    return result;
}
