/* Decoding and checking one payload: see payload.h. */
#include "input/payload.h"

#include "base/gil.h"
#include "kpl/simd/base64.h"
#include "kpl/simd/md5.h"

/* The content of a payload object, between view_acquire and view_release. */
typedef struct {
    kpl_bytes bytes;
    Py_buffer buffer; /* buffer.obj is NULL if no buffer is held */
    bool constant;    /* whether the bytes cannot change */
} payload_view;

bool
deagg_payload_try_borrow(PyObject *payload, kpl_bytes *content)
{
    if (PyUnicode_CheckExact(payload) && PyUnicode_IS_COMPACT_ASCII(payload)) {
        *content =
            (kpl_bytes){PyUnicode_1BYTE_DATA(payload), (size_t)PyUnicode_GET_LENGTH(payload)};
        return true;
    }
    if (PyBytes_CheckExact(payload)) {
        *content = (kpl_bytes){(const uint8_t *)PyBytes_AS_STRING(payload),
                               (size_t)PyBytes_GET_SIZE(payload)};
        return true;
    }
    return false;
}

/* Sets TypeError. */
static void
set_type_error(PyObject *payload, bool is_base64)
{
    PyErr_Format(PyExc_TypeError,
                 is_base64
                     ? "a Kinesis record's data must be str or a bytes-like object, not '%.200s'"
                     : "a payload must be a bytes-like object, not '%.200s'",
                 Py_TYPE(payload)->tp_name);
}

/* Views a str of any kind: KPL_OK, KPL_NOT_BASE64 if it is not ASCII, or KPL_EXCEPTION. */
static kpl_status
view_str(PyObject *payload, payload_view *view)
{
    if (deagg_str_ready(payload) < 0) {
        return KPL_EXCEPTION;
    }
    if (!PyUnicode_IS_ASCII(payload)) {
        return KPL_NOT_BASE64;
    }
    view->bytes =
        (kpl_bytes){PyUnicode_1BYTE_DATA(payload), (size_t)PyUnicode_GET_LENGTH(payload)};
    view->constant = true;
    return KPL_OK;
}

/* Views the content of a payload: KPL_OK, after which view_release is due; KPL_NOT_BASE64 for a
 * str that is not ASCII; or KPL_EXCEPTION. */
static kpl_status
view_acquire(PyObject *payload, bool is_base64, payload_view *view)
{
    view->buffer.obj = NULL;
    if (is_base64 && PyUnicode_Check(payload)) {
        return view_str(payload, view);
    }
    if (!PyObject_CheckBuffer(payload)) {
        set_type_error(payload, is_base64);
        return KPL_EXCEPTION;
    }
    if (PyObject_GetBuffer(payload, &view->buffer, PyBUF_SIMPLE) < 0) {
        /* An object whose buffer is not contiguous is not bytes-like. */
        if (PyErr_ExceptionMatches(PyExc_BufferError)) {
            set_type_error(payload, is_base64);
        }
        return KPL_EXCEPTION;
    }
    view->bytes = (kpl_bytes){view->buffer.buf, (size_t)view->buffer.len};
    view->constant = PyBytes_CheckExact(payload);
    return KPL_OK;
}

static void
view_release(payload_view *view)
{
    if (view->buffer.obj != NULL) {
        PyBuffer_Release(&view->buffer);
    }
}

kpl_status
deagg_payload_glance(kpl_bytes content, bool is_base64)
{
    kpl_frame frame;
    if (is_base64) {
        return kpl_frame_text_may_hold_magic(content) ? KPL_OK : KPL_NOT_AGGREGATED;
    }
    return kpl_frame_find(content, &frame);
}

/* Finds the message in a payload's bytes and checks its digest if `verify`. */
static kpl_status
check_frame_nogil(kpl_bytes payload, bool verify, kpl_bytes *message)
{
    kpl_frame frame;
    kpl_status status = kpl_frame_find(payload, &frame);
    if (status == KPL_OK && verify) {
        uint8_t digest[KPL_DIGEST_SIZE];
        kpl_md5(frame.message, digest);
        status = kpl_frame_check_digest(&frame, digest);
    }
    if (status == KPL_OK) {
        *message = frame.message;
    }
    return status;
}

/* The same, without the GIL if that pays. The payload's bytes cannot change. */
static kpl_status
check_frame(kpl_bytes payload, bool verify, kpl_bytes *message)
{
    PyThreadState *released = deagg_gil_release(verify ? payload.size : 0);
    kpl_status status = check_frame_nogil(payload, verify, message);
    deagg_gil_acquire(released);
    return status;
}

/* Decodes clean base64 to `bytes`, without the GIL if that pays. Returns whether it was clean. */
static bool
decode_clean(deagg_state *state, const payload_view *view, uint8_t *bytes, size_t *size)
{
    PyThreadState *released = deagg_gil_release(view->constant ? view->bytes.size : 0);
    bool clean = state->kernels->base64_decode(view->bytes, bytes, size);
    deagg_gil_acquire(released);
    return clean;
}

/* Decodes text that is not clean base64, with the running Python's binascii: KPL_OK with a new
 * bytes object, KPL_NOT_BASE64 or KPL_EXCEPTION. */
static kpl_status
decode_leniently(PyObject *payload, PyObject **bytes)
{
    PyObject *binascii = PyImport_ImportModule("binascii");
    if (binascii == NULL) {
        return KPL_EXCEPTION;
    }
    PyObject *decoded = PyObject_CallMethod(binascii, "a2b_base64", "(O)", payload);
    Py_DECREF(binascii);
    if (decoded == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_ValueError)) {
            return KPL_EXCEPTION;
        }
        PyErr_Clear();
        return KPL_NOT_BASE64;
    }
    if (!PyBytes_Check(decoded)) {
        PyErr_SetString(PyExc_TypeError, "binascii.a2b_base64 must return bytes");
        Py_DECREF(decoded);
        return KPL_EXCEPTION;
    }
    *bytes = decoded;
    return KPL_OK;
}

/* Undecodable text is damaged if it begins with the magic's base64, and plain otherwise. */
static kpl_status
classify_undecodable(kpl_bytes text)
{
    return kpl_frame_text_starts_with_magic(text) ? KPL_NOT_BASE64 : KPL_NOT_AGGREGATED;
}

/* The same for a str that is not ASCII. */
static kpl_status
classify_undecodable_str(PyObject *payload)
{
    uint8_t beginning[8];
    size_t size = 0;
    while (size < sizeof beginning && size < (size_t)PyUnicode_GET_LENGTH(payload)) {
        Py_UCS4 character = PyUnicode_READ_CHAR(payload, (Py_ssize_t)size);
        beginning[size++] = character < 128 ? (uint8_t)character : 0;
    }
    return classify_undecodable((kpl_bytes){beginning, size});
}

/* Copies `bytes` to the scratch memory. 0, or -1 with MemoryError. */
static int
copy_to_scratch(kpl_bytes *bytes, deagg_scratch *scratch)
{
    if (deagg_scratch_reserve(scratch, bytes->size) < 0) {
        return -1;
    }
    memcpy(scratch->bytes, bytes->data, bytes->size);
    bytes->data = scratch->bytes;
    return 0;
}

/* deagg_payload_find_message for text that is not clean base64. */
static kpl_status
check_odd_base64(PyObject *payload, kpl_bytes text, bool verify, deagg_scratch *scratch,
                 kpl_bytes *message)
{
    PyObject *decoded;
    kpl_status status = decode_leniently(payload, &decoded);
    if (status != KPL_OK) {
        return status == KPL_NOT_BASE64 ? classify_undecodable(text) : status;
    }
    kpl_bytes bytes = {(const uint8_t *)PyBytes_AS_STRING(decoded),
                       (size_t)PyBytes_GET_SIZE(decoded)};
    status =
        copy_to_scratch(&bytes, scratch) < 0 ? KPL_EXCEPTION : check_frame(bytes, verify, message);
    Py_DECREF(decoded);
    return status;
}

/* deagg_payload_find_message for base64. */
static kpl_status
check_base64(deagg_state *state, PyObject *payload, bool verify, deagg_scratch *scratch,
             kpl_bytes *message)
{
    payload_view view;
    kpl_status status = view_acquire(payload, true, &view);
    if (status != KPL_OK) {
        return status == KPL_NOT_BASE64 ? classify_undecodable_str(payload) : status;
    }
    size_t size;
    status = deagg_payload_glance(view.bytes, true);
    if (status != KPL_OK) {
        goto done;
    }
    if (deagg_scratch_reserve(scratch, kpl_base64_decoded_room(view.bytes.size)) < 0) {
        status = KPL_EXCEPTION;
    }
    else if (decode_clean(state, &view, scratch->bytes, &size)) {
        status = check_frame((kpl_bytes){scratch->bytes, size}, verify, message);
    }
    else {
        status = check_odd_base64(payload, view.bytes, verify, scratch, message);
    }
done:
    view_release(&view);
    return status;
}

/* deagg_payload_find_message for a payload that is not text. */
static kpl_status
check_binary(PyObject *payload, bool verify, deagg_scratch *scratch, kpl_bytes *message)
{
    payload_view view;
    if (view_acquire(payload, false, &view) != KPL_OK) {
        return KPL_EXCEPTION;
    }
    kpl_status status = deagg_payload_glance(view.bytes, false);
    if (status != KPL_OK) {
        goto done;
    }
    /* Bytes that can change are copied, since they are read more than once. */
    if (!view.constant && copy_to_scratch(&view.bytes, scratch) < 0) {
        status = KPL_EXCEPTION;
        goto done;
    }
    status = check_frame(view.bytes, verify, message);
done:
    view_release(&view);
    return status;
}

kpl_status
deagg_payload_find_message(deagg_state *state, PyObject *payload, bool is_base64, bool verify,
                           deagg_scratch *scratch, kpl_bytes *message)
{
    return is_base64 ? check_base64(state, payload, verify, scratch, message)
                     : check_binary(payload, verify, scratch, message);
}

/* Whether text is exactly the base64 of `size` bytes, padding and line breaks aside. It is not if
 * binascii has ignored a character: one outside the alphabet, or one after padding. */
static bool
is_exact(kpl_bytes text, size_t size)
{
    size_t count = 0; /* of characters in the alphabet */
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        if (kpl_base64_values[character] <= 63) {
            count++;
        }
        else if (character != '=' && character != '\n' && character != '\r') {
            return false;
        }
    }
    return count / 4 * 3 + count % 4 * 3 / 4 == size;
}

/* deagg_payload_decode for text that is not clean base64. */
static kpl_status
decode_odd_base64(PyObject *payload, const payload_view *view, bool exact, PyObject **bytes)
{
    PyObject *decoded;
    kpl_status status = decode_leniently(payload, &decoded);
    if (status != KPL_OK) {
        return status;
    }
    if (exact && !is_exact(view->bytes, (size_t)PyBytes_GET_SIZE(decoded))) {
        Py_DECREF(decoded);
        return KPL_NOT_BASE64;
    }
    *bytes = decoded;
    return KPL_OK;
}

/* deagg_payload_decode for a view of text. */
static kpl_status
decode_base64(deagg_state *state, PyObject *payload, const payload_view *view, bool exact,
              PyObject **bytes)
{
    Py_ssize_t room = (Py_ssize_t)kpl_base64_decoded_room(view->bytes.size);
    PyObject *decoded = PyBytes_FromStringAndSize(NULL, room);
    if (decoded == NULL) {
        return KPL_EXCEPTION;
    }
    size_t size;
    if (!decode_clean(state, view, (uint8_t *)PyBytes_AS_STRING(decoded), &size)) {
        Py_DECREF(decoded);
        return decode_odd_base64(payload, view, exact, bytes);
    }
    if ((Py_ssize_t)size != room && _PyBytes_Resize(&decoded, (Py_ssize_t)size) < 0) {
        return KPL_EXCEPTION;
    }
    *bytes = decoded;
    return KPL_OK;
}

kpl_status
deagg_payload_decode(deagg_state *state, PyObject *payload, bool is_base64, bool exact,
                     PyObject **bytes)
{
    payload_view view;
    if (!is_base64 && PyBytes_CheckExact(payload)) {
        *bytes = Py_NewRef(payload);
        return KPL_OK;
    }
    kpl_status status = view_acquire(payload, is_base64, &view);
    if (status != KPL_OK) {
        return status;
    }
    if (is_base64) {
        status = decode_base64(state, payload, &view, exact, bytes);
    }
    else {
        *bytes =
            PyBytes_FromStringAndSize((const char *)view.bytes.data, (Py_ssize_t)view.bytes.size);
        status = *bytes == NULL ? KPL_EXCEPTION : KPL_OK;
    }
    view_release(&view);
    return status;
}
