/* Opens payloads: see payload.h. */
#include "input/payload.h"

#include "kpl/simd/base64.h"
#include "kpl/simd/md5.h"

/* What an object holds, for as long as it is looked at. */
typedef struct {
    kpl_bytes bytes;
    Py_buffer buffer; /* buffer.obj is NULL for a str */
    bool immutable;
} payload_view;

/* Always -1, with TypeError. */
static int
refuse_type(PyObject *payload, bool is_text)
{
    PyErr_Format(PyExc_TypeError,
                 is_text
                     ? "a Kinesis record's data must be str or a bytes-like object, not '%.200s'"
                     : "a payload must be a bytes-like object, not '%.200s'",
                 Py_TYPE(payload)->tp_name);
    return -1;
}

/* Looks at the bytes of a bytes-like object. 1, or -1 with an exception. */
static int
view_buffer(PyObject *payload, bool is_text, payload_view *view)
{
    if (!PyObject_CheckBuffer(payload)) {
        return refuse_type(payload, is_text);
    }
    if (PyObject_GetBuffer(payload, &view->buffer, PyBUF_SIMPLE) < 0) {
        /* A buffer that is not contiguous makes no bytes-like object. */
        return PyErr_ExceptionMatches(PyExc_BufferError) ? refuse_type(payload, is_text) : -1;
    }
    view->bytes = (kpl_bytes){view->buffer.buf, (size_t)view->buffer.len};
    view->immutable = PyBytes_CheckExact(payload);
    return 1;
}

/* Looks at the characters of base64 text. 1 when view_close is due, 0 for a str that is not ASCII
 * and so no base64, or -1 with an exception. */
static int
view_text(PyObject *payload, payload_view *view)
{
    view->buffer.obj = NULL;
    if (!PyUnicode_Check(payload)) {
        return view_buffer(payload, true, view);
    }
    if (deagg_str_ready(payload) < 0) {
        return -1;
    }
    if (!PyUnicode_IS_ASCII(payload)) {
        return 0;
    }
    view->bytes =
        (kpl_bytes){PyUnicode_1BYTE_DATA(payload), (size_t)PyUnicode_GET_LENGTH(payload)};
    view->immutable = true;
    return 1;
}

static void
view_close(payload_view *view)
{
    if (view->buffer.obj != NULL) {
        PyBuffer_Release(&view->buffer);
    }
}

/* Finds the message in a payload's bytes and checks its digest if `verify`. Needs no GIL. */
static kpl_status
open_bytes(kpl_bytes payload, bool verify, kpl_bytes *message)
{
    kpl_frame frame;
    kpl_status status = kpl_frame_open(payload, &frame);
    if (status != KPL_OK) {
        return status;
    }
    if (verify) {
        uint8_t digest[KPL_DIGEST_SIZE];
        kpl_md5(frame.message, digest);
        if (!kpl_frame_has_digest(&frame, digest)) {
            return KPL_WRONG_DIGEST;
        }
    }
    *message = frame.message;
    return KPL_OK;
}

/* open_bytes without the GIL, if the bytes cannot change meanwhile and it pays. */
static kpl_status
open_bytes_aside(kpl_bytes payload, bool immutable, bool verify, kpl_bytes *message)
{
    kpl_status status;
    if (!immutable || !verify || payload.size < DEAGG_GIL_THRESHOLD) {
        return open_bytes(payload, verify, message);
    }
    Py_BEGIN_ALLOW_THREADS
    status = open_bytes(payload, verify, message);
    Py_END_ALLOW_THREADS
    return status;
}

/* Decodes clean base64, without the GIL where open_bytes_aside would do so. Returns whether it was
 * clean. */
static bool
decode_aside(deagg_state *state, const payload_view *view, uint8_t *bytes, size_t *size)
{
    bool clean;
    if (!view->immutable || view->bytes.size < DEAGG_GIL_THRESHOLD) {
        return state->kernels->base64_decode(view->bytes, bytes, size);
    }
    Py_BEGIN_ALLOW_THREADS
    clean = state->kernels->base64_decode(view->bytes, bytes, size);
    Py_END_ALLOW_THREADS
    return clean;
}

/* Reads odd text exactly as this Python's binascii does: new bytes, or NULL: without an exception
 * for text that does not decode, with one on error. */
static PyObject *
decode_leniently(PyObject *payload)
{
    PyObject *binascii = PyImport_ImportModule("binascii");
    if (binascii == NULL) {
        return NULL;
    }
    PyObject *decoded = PyObject_CallMethod(binascii, "a2b_base64", "O", payload);
    Py_DECREF(binascii);
    if (decoded == NULL && PyErr_ExceptionMatches(PyExc_ValueError)) {
        PyErr_Clear();
    }
    else if (decoded != NULL && !PyBytes_Check(decoded)) {
        PyErr_SetString(PyExc_TypeError, "binascii.a2b_base64 was replaced by something else");
        Py_CLEAR(decoded);
    }
    return decoded;
}

/* What text that does not decode is: damaged if it claims to be an aggregate, plain otherwise. */
static kpl_status
undecodable(kpl_bytes text)
{
    return kpl_frame_text_starts_with_magic(text) ? KPL_NOT_BASE64 : KPL_NOT_AGGREGATED;
}

/* The same of a str that is not ASCII, of which only the beginning matters. */
static kpl_status
undecodable_str(PyObject *payload)
{
    uint8_t beginning[8];
    size_t size = 0;
    while (size < sizeof beginning && size < (size_t)PyUnicode_GET_LENGTH(payload)) {
        Py_UCS4 character = PyUnicode_READ_CHAR(payload, (Py_ssize_t)size);
        beginning[size++] = character < 128 ? (uint8_t)character : 0;
    }
    return undecodable((kpl_bytes){beginning, size});
}

/* Opens text that is not clean base64. Returns as deagg_payload_open does. */
static int
open_odd_text(PyObject *payload, kpl_bytes text, bool verify, deagg_scratch *scratch,
              kpl_status *status, kpl_bytes *message)
{
    PyObject *decoded = decode_leniently(payload);
    if (decoded == NULL) {
        *status = undecodable(text);
        return PyErr_Occurred() ? -1 : 0;
    }
    int result = -1;
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(decoded, &bytes, &size) < 0 ||
        deagg_scratch_reserve(scratch, (size_t)size) < 0) {
        goto done;
    }
    memcpy(scratch->bytes, bytes, (size_t)size);
    *status = open_bytes_aside((kpl_bytes){scratch->bytes, (size_t)size}, true, verify, message);
    result = 0;
done:
    Py_DECREF(decoded);
    return result;
}

/* deagg_payload_open for base64. */
static int
open_text(deagg_state *state, PyObject *payload, bool verify, deagg_scratch *scratch,
          kpl_status *status, kpl_bytes *message)
{
    payload_view view;
    int viewed = view_text(payload, &view);
    if (viewed <= 0) {
        *status = viewed == 0 ? undecodable_str(payload) : KPL_NOT_AGGREGATED;
        return viewed;
    }
    int result = 0;
    size_t size;
    if (!kpl_frame_text_may_hold_magic(view.bytes)) {
        *status = KPL_NOT_AGGREGATED;
    }
    else if (deagg_scratch_reserve(scratch, view.bytes.size / 4 * 3) < 0) {
        result = -1;
    }
    else if (decode_aside(state, &view, scratch->bytes, &size)) {
        *status = open_bytes_aside((kpl_bytes){scratch->bytes, size}, true, verify, message);
    }
    else {
        result = open_odd_text(payload, view.bytes, verify, scratch, status, message);
    }
    view_close(&view);
    return result;
}

/* deagg_payload_open for the payload itself. */
static int
open_binary(PyObject *payload, bool verify, deagg_scratch *scratch, kpl_status *status,
            kpl_bytes *message)
{
    payload_view view;
    kpl_frame frame;
    if (view_buffer(payload, false, &view) < 0) {
        return -1;
    }
    int result = 0;
    *status = kpl_frame_open(view.bytes, &frame);
    if (*status == KPL_OK && view.immutable) {
        *status = open_bytes_aside(view.bytes, true, verify, message);
    }
    else if (*status == KPL_OK) {
        /* What can change is copied, since it is read more than once. */
        result = deagg_scratch_reserve(scratch, view.bytes.size);
        if (result == 0) {
            memcpy(scratch->bytes, view.bytes.data, view.bytes.size);
            kpl_bytes copy = {scratch->bytes, view.bytes.size};
            *status = open_bytes_aside(copy, true, verify, message);
        }
    }
    view_close(&view);
    return result;
}

int
deagg_payload_open(deagg_state *state, PyObject *payload, bool is_text, bool verify,
                   deagg_scratch *scratch, kpl_status *status, kpl_bytes *message)
{
    return is_text ? open_text(state, payload, verify, scratch, status, message)
                   : open_binary(payload, verify, scratch, status, message);
}

/* The bytes of clean base64, or as decode_leniently does. */
static PyObject *
bytes_of_text(deagg_state *state, PyObject *payload, const payload_view *view)
{
    Py_ssize_t room = (Py_ssize_t)(view->bytes.size / 4 * 3);
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, room);
    if (bytes == NULL) {
        return NULL;
    }
    size_t size;
    if (!decode_aside(state, view, (uint8_t *)PyBytes_AS_STRING(bytes), &size)) {
        Py_DECREF(bytes);
        return decode_leniently(payload);
    }
    if ((Py_ssize_t)size != room) {
        (void)_PyBytes_Resize(&bytes, (Py_ssize_t)size);
    }
    return bytes;
}

PyObject *
deagg_payload_bytes(deagg_state *state, PyObject *payload, bool is_text)
{
    payload_view view;
    PyObject *bytes;
    if (!is_text && PyBytes_CheckExact(payload)) {
        return Py_NewRef(payload);
    }
    if ((is_text ? view_text(payload, &view) : view_buffer(payload, false, &view)) <= 0) {
        return NULL;
    }
    if (is_text) {
        bytes = bytes_of_text(state, payload, &view);
    }
    else {
        bytes =
            PyBytes_FromStringAndSize((const char *)view.bytes.data, (Py_ssize_t)view.bytes.size);
    }
    view_close(&view);
    return bytes;
}

PyObject *
deagg_payload_text(deagg_state *state, kpl_bytes bytes)
{
    PyObject *text = PyUnicode_New((Py_ssize_t)kpl_base64_encoded_size(bytes.size), 127);
    if (text != NULL && bytes.size != 0) {
        state->kernels->base64_encode(bytes, (char *)PyUnicode_1BYTE_DATA(text));
    }
    return text;
}
