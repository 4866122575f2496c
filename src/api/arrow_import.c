/* Columns as input: see arrow_import.h.
 *
 * The specification makes the buffers of a column immutable, so that they are read without the
 * GIL. Lengths, offsets into the arrays and nulls are checked; what a column's own offsets point
 * at is its producer's word. A stream is asked without the GIL, since its producer may wait for
 * threads of its own that need it. */
#include "api/arrow_import.h"

#include "api/arrow_abi.h"
#include "base/gil.h"

#include <errno.h>
#include <string.h>

/* How many payloads are passed on at once. */
#define MAX_PAYLOADS 1024

/* The layouts of binary columns:
 * https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-layout */
typedef enum { SMALL_OFFSETS, LARGE_OFFSETS, VIEWS } binary_layout;

/* An element of a binary view: its length, then the bytes themselves if they are 12 or fewer, or
 * else a prefix of 4, the number of a buffer and the offset in it. */
#define VIEW_SIZE 16
#define MAX_INLINE_SIZE 12

/* What an empty payload points to, since one without a pointer is null. */
static const uint8_t EMPTY[1];

int
deagg_arrow_append_payloads(kpl_column_builder *builder, const kpl_bytes *payloads, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += payloads[i].size;
    }
    PyThreadState *released = deagg_gil_release(size);
    kpl_status status = kpl_column_builder_append(builder, payloads, count);
    deagg_gil_acquire(released);
    if (status == KPL_TOO_MUCH_MEMORY) {
        PyErr_SetString(PyExc_MemoryError, "a column cannot hold a payload of 2 GiB or more");
    }
    else if (status != KPL_OK) {
        PyErr_NoMemory();
    }
    return status == KPL_OK ? 0 : -1;
}

/* Finds the layout of a column. 0, or -1 with TypeError. */
static int
read_layout(const struct ArrowSchema *schema, binary_layout *layout)
{
    const char *format = schema->format;
    if (strcmp(format, "+s") == 0) {
        PyErr_SetString(PyExc_TypeError,
                        "payloads must be one column, not a table; pass the column with the "
                        "payloads, such as table['data']");
        return -1;
    }
    if (schema->dictionary != NULL) {
        PyErr_SetString(PyExc_TypeError,
                        "a column of payloads must not be dictionary-encoded; cast it to binary");
        return -1;
    }
    if (strcmp(format, "z") == 0) {
        *layout = SMALL_OFFSETS;
    }
    else if (strcmp(format, "Z") == 0) {
        *layout = LARGE_OFFSETS;
    }
    else if (strcmp(format, "vz") == 0) {
        *layout = VIEWS;
    }
    else {
        PyErr_Format(PyExc_TypeError,
                     "a column of payloads must be of type binary, large binary or binary view, "
                     "not of Arrow's format '%.100s'",
                     format);
        return -1;
    }
    return 0;
}

/* Whether the array has the buffers that its layout asks for, and a sound length. */
static bool
is_sound(const struct ArrowArray *array, binary_layout layout)
{
    if (array->length < 0 || array->offset < 0 || array->offset > INT64_MAX - array->length) {
        return false;
    }
    if (layout == VIEWS ? array->n_buffers < 3 : array->n_buffers != 3) {
        return false;
    }
    return array->length == 0 || array->buffers[1] != NULL;
}

static bool
is_null(const struct ArrowArray *array, size_t index)
{
    const uint8_t *validity = array->buffers[0];
    return validity != NULL && (validity[index / 8] >> index % 8 & 1) == 0;
}

static int64_t
load_int64(const uint8_t *memory)
{
    int64_t value;
    memcpy(&value, memory, sizeof value);
    return value;
}

static int64_t
load_int32(const uint8_t *memory)
{
    int32_t value;
    memcpy(&value, memory, sizeof value);
    return value;
}

/* Bytes `start` to `end` of a buffer. Returns whether that is a range. */
static bool
slice(const uint8_t *buffer, int64_t start, int64_t end, kpl_bytes *bytes)
{
    if (start < 0 || end < start || (buffer == NULL && end > start)) {
        return false;
    }
    *bytes =
        end == start ? (kpl_bytes){EMPTY, 0} : (kpl_bytes){buffer + start, (size_t)(end - start)};
    return true;
}

/* The value of the view at `view`. Returns whether it is inside its buffer. */
static bool
read_view(const struct ArrowArray *array, const uint8_t *view, kpl_bytes *bytes)
{
    int64_t length = load_int32(view);
    if (length <= MAX_INLINE_SIZE) {
        return slice(view + 4, 0, length, bytes);
    }
    /* After validity and views come the buffers, then their sizes. */
    int64_t buffer_count = array->n_buffers - 3;
    int64_t number = load_int32(view + 8);
    int64_t start = load_int32(view + 12);
    const uint8_t *sizes = array->buffers[array->n_buffers - 1];
    if (number < 0 || number >= buffer_count || start < 0 ||
        length > load_int64(sizes + (size_t)number * sizeof(int64_t)) - start) {
        return false;
    }
    return slice(array->buffers[2 + number], start, start + length, bytes);
}

/* The value at `index`, counted from the beginning of the buffers. Returns whether it is sound. */
static bool
read_value(const struct ArrowArray *array, binary_layout layout, size_t index, kpl_bytes *bytes)
{
    const uint8_t *values = array->buffers[1];
    switch (layout) {
        case SMALL_OFFSETS:
            values += index * sizeof(int32_t);
            return slice(array->buffers[2], load_int32(values), load_int32(values + 4), bytes);
        case LARGE_OFFSETS:
            values += index * sizeof(int64_t);
            return slice(array->buffers[2], load_int64(values), load_int64(values + 8), bytes);
        case VIEWS:
            return read_view(array, values + index * VIEW_SIZE, bytes);
    }
    Py_UNREACHABLE();
}

/* Appends the rows of `count` payloads from `start` on. 0, or -1 as deagg_arrow_append. */
static int
append_range(const struct ArrowArray *array, binary_layout layout, size_t start, size_t count,
             kpl_column_builder *builder)
{
    kpl_bytes payloads[MAX_PAYLOADS];
    for (size_t i = 0; i < count; i++) {
        if (is_null(array, start + i)) {
            payloads[i] = (kpl_bytes){NULL, 0};
        }
        else if (!read_value(array, layout, start + i, &payloads[i])) {
            PyErr_SetString(PyExc_TypeError, "the column of payloads is not sound");
            return -1;
        }
    }
    return deagg_arrow_append_payloads(builder, payloads, count);
}

/* Appends the rows of all payloads in an array. 0, or -1 as deagg_arrow_append. */
static int
append_array(const struct ArrowArray *array, binary_layout layout, kpl_column_builder *builder)
{
    if (!is_sound(array, layout)) {
        PyErr_SetString(PyExc_TypeError, "the column of payloads is not sound");
        return -1;
    }
    size_t start = (size_t)array->offset;
    size_t left = (size_t)array->length;
    while (left > 0) {
        size_t count = left < MAX_PAYLOADS ? left : MAX_PAYLOADS;
        if (append_range(array, layout, start, count, builder) < 0) {
            return -1;
        }
        start += count;
        left -= count;
    }
    return 0;
}

/* Sets OSError, or MemoryError, for a failure of the stream's producer. */
static void
set_stream_error(struct ArrowArrayStream *stream, int error)
{
    if (error == ENOMEM) {
        PyErr_NoMemory();
        return;
    }
    const char *message = stream->get_last_error(stream);
    if (message == NULL) {
        message = strerror(error);
    }
    PyObject *text = PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "replace");
    PyObject *args = text == NULL ? NULL : Py_BuildValue("(iN)", error, text);
    if (args != NULL) {
        PyErr_SetObject(PyExc_OSError, args);
        Py_DECREF(args);
    }
}

/* Clears the current exception and returns it, or NULL if there is none: a producer's release may
 * run Python code. For restore_exception. */
static PyObject *
hold_exception(void)
{
    return PyErr_Occurred() ? deagg_exception_take() : NULL;
}

/* Sets the exception again. Steals the reference, which may be NULL. */
static void
restore_exception(PyObject *exception)
{
    if (exception != NULL) {
        deagg_exception_set(exception);
    }
}

static void
release_array(struct ArrowArray *array)
{
    PyObject *exception = hold_exception();
    array->release(array);
    restore_exception(exception);
}

/* Reads the layout of a stream's column. 0, or -1 as deagg_arrow_append. */
static int
read_stream_layout(struct ArrowArrayStream *stream, binary_layout *layout)
{
    struct ArrowSchema schema;
    PyThreadState *released = PyEval_SaveThread();
    int error = stream->get_schema(stream, &schema);
    PyEval_RestoreThread(released);
    if (error != 0) {
        set_stream_error(stream, error);
        return -1;
    }
    int result = read_layout(&schema, layout);
    PyObject *exception = hold_exception();
    schema.release(&schema);
    restore_exception(exception);
    return result;
}

/* Appends the rows of the next array. 1, 0 at the end, or -1 as deagg_arrow_append. */
static int
append_next(struct ArrowArrayStream *stream, binary_layout layout, kpl_column_builder *builder)
{
    struct ArrowArray array;
    PyThreadState *released = PyEval_SaveThread();
    int error = stream->get_next(stream, &array);
    PyEval_RestoreThread(released);
    if (error != 0) {
        set_stream_error(stream, error);
        return -1;
    }
    if (array.release == NULL) {
        return 0;
    }
    int result = append_array(&array, layout, builder);
    release_array(&array);
    return result < 0 ? -1 : 1;
}

/* Appends the rows of a capsule with a stream. 0, or -1 as deagg_arrow_append. */
static int
append_stream(PyObject *capsule, kpl_column_builder *builder)
{
    struct ArrowArrayStream *exported = PyCapsule_GetPointer(capsule, DEAGG_STREAM_CAPSULE);
    if (exported == NULL) {
        return -1;
    }
    if (exported->release == NULL) {
        PyErr_SetString(PyExc_TypeError, "the stream of payloads was already read");
        return -1;
    }
    /* Moved out of the capsule, so that nothing else can read it meanwhile. */
    struct ArrowArrayStream stream = *exported;
    exported->release = NULL;
    binary_layout layout;
    int result = read_stream_layout(&stream, &layout);
    if (result == 0) {
        do {
            result = append_next(&stream, layout, builder);
        } while (result > 0);
    }
    PyObject *exception = hold_exception();
    stream.release(&stream);
    restore_exception(exception);
    return result;
}

/* Appends the rows of a pair of capsules, a schema and an array. 0, or -1 as deagg_arrow_append.
 */
static int
append_capsules(PyObject *pair, kpl_column_builder *builder)
{
    PyObject *schema_capsule;
    PyObject *array_capsule;
    if (!PyTuple_Check(pair)) {
        PyErr_Format(PyExc_TypeError, "__arrow_c_array__ must return a tuple, not '%.200s'",
                     Py_TYPE(pair)->tp_name);
        return -1;
    }
    if (!PyArg_ParseTuple(pair, "OO:__arrow_c_array__", &schema_capsule, &array_capsule)) {
        return -1;
    }
    struct ArrowSchema *schema = PyCapsule_GetPointer(schema_capsule, DEAGG_SCHEMA_CAPSULE);
    struct ArrowArray *exported =
        schema == NULL ? NULL : PyCapsule_GetPointer(array_capsule, DEAGG_ARRAY_CAPSULE);
    binary_layout layout;
    if (exported == NULL) {
        return -1;
    }
    if (schema->release == NULL || exported->release == NULL) {
        PyErr_SetString(PyExc_TypeError, "the array of payloads was already read");
        return -1;
    }
    if (read_layout(schema, &layout) < 0) {
        return -1;
    }
    struct ArrowArray array = *exported;
    exported->release = NULL;
    int result = append_array(&array, layout, builder);
    release_array(&array);
    return result;
}

/* Calls column.name(None), without a schema in mind, and has `append` read the result. Returns as
 * deagg_arrow_append does. */
static int
append_by_method(PyObject *column, const char *name, kpl_column_builder *builder,
                 int (*append)(PyObject *exported, kpl_column_builder *builder))
{
    PyObject *method;
    int found = deagg_get_optional_attribute(column, name, &method);
    if (found <= 0) {
        return found;
    }
    PyObject *exported = PyObject_CallOneArg(method, Py_None);
    Py_DECREF(method);
    if (exported == NULL) {
        return -1;
    }
    int result = append(exported, builder);
    Py_DECREF(exported);
    return result < 0 ? -1 : 1;
}

int
deagg_arrow_append(PyObject *column, kpl_column_builder *builder)
{
    int appended = append_by_method(column, "__arrow_c_stream__", builder, append_stream);
    if (appended == 0) {
        appended = append_by_method(column, "__arrow_c_array__", builder, append_capsules);
    }
    return appended;
}
