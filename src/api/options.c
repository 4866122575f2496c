/* Parsing the options: see options.h. */
#include "api/options.h"

/* 0, or -1 with ValueError. */
static int
parse_data_format(PyObject *data_format)
{
    if (data_format == Py_None || (PyUnicode_Check(data_format) &&
                                   PyUnicode_CompareWithASCIIString(data_format, "Boto3") == 0)) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "data_format must be None or 'Boto3', not %R", data_format);
    return -1;
}

/* Converts a Python int. 0, or -1 with an exception: ValueError if it is not a hash key. */
static int
parse_hash_key(PyObject *value, kpl_hash_key *hash_key)
{
    if (!PyLong_Check(value)) {
        goto not_a_hash_key;
    }
    PyObject *bytes = PyObject_CallMethod((PyObject *)&PyLong_Type, "to_bytes", "Ois", value,
                                          (int)sizeof hash_key->bytes, "big");
    if (bytes == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        goto not_a_hash_key;
    }
    memcpy(hash_key->bytes, PyBytes_AS_STRING(bytes), sizeof hash_key->bytes);
    Py_DECREF(bytes);
    return 0;

not_a_hash_key:
    PyErr_SetString(PyExc_ValueError, "hash_key_range must hold ints from 0 to 2**128 - 1");
    return -1;
}

/* Sets the three fields of the range. 0, or -1 with ValueError or MemoryError. */
static int
parse_hash_key_range(PyObject *range, deagg_options *options)
{
    options->has_hash_key_range = range != Py_None;
    if (range == Py_None) {
        return 0;
    }
    if (!PyTuple_Check(range) || PyTuple_GET_SIZE(range) != 2) {
        PyErr_Format(PyExc_ValueError, "hash_key_range must be a tuple (first, last), not %R",
                     range);
        return -1;
    }
    if (parse_hash_key(PyTuple_GET_ITEM(range, 0), &options->first_hash_key) < 0 ||
        parse_hash_key(PyTuple_GET_ITEM(range, 1), &options->last_hash_key) < 0) {
        return -1;
    }
    if (kpl_hash_key_compare(&options->first_hash_key, &options->last_hash_key) > 0) {
        PyErr_SetString(PyExc_ValueError, "hash_key_range ends before it begins");
        return -1;
    }
    return 0;
}

/* The arguments, borrowed. */
typedef struct {
    PyObject *data_format;
    PyObject *decode;
    PyObject *strict;
    PyObject *verify;
    PyObject *hash_key_range;
} raw_options;

/* 0, or -1 with the exception of the value's truth. */
static int
parse_flag(PyObject *value, bool *flag)
{
    int truth = PyObject_IsTrue(value);
    *flag = truth > 0;
    return truth < 0 ? -1 : 0;
}

/* 0, or -1 with an exception. */
static int
parse_values(const raw_options *raw, deagg_options *options)
{
    if (parse_flag(raw->decode, &options->decode) < 0 ||
        parse_flag(raw->strict, &options->strict) < 0 ||
        parse_flag(raw->verify, &options->verify) < 0 || parse_data_format(raw->data_format) < 0) {
        return -1;
    }
    return parse_hash_key_range(raw->hash_key_range, options);
}

int
deagg_options_parse(PyObject *args, PyObject *kwargs, const char *format, PyObject **records,
                    deagg_options *options)
{
    static char *names[] = {"records", "data_format",    "decode", "strict",
                            "verify",  "hash_key_range", NULL};
    raw_options raw = {Py_None, Py_False, Py_False, Py_True, Py_None};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, records, &raw.data_format,
                                     &raw.decode, &raw.strict, &raw.verify, &raw.hash_key_range)) {
        return -1;
    }
    /* User code that runs below may clear `kwargs`. */
    PyObject *held = PyTuple_Pack(6, *records, raw.data_format, raw.decode, raw.strict, raw.verify,
                                  raw.hash_key_range);
    if (held == NULL) {
        return -1;
    }
    int result = parse_values(&raw, options);
    if (result == 0) {
        Py_INCREF(*records);
    }
    Py_DECREF(held);
    return result;
}
