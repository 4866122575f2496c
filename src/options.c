/* Parses the options: see options.h. */
#include "options.h"

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

/* Converts an int of Python's. 0, or -1 with an exception: ValueError for what is no hash key. */
static int
parse_hash_key(PyObject *value, kpl_hash_key *hash_key)
{
    if (!PyLong_Check(value)) {
        goto no_hash_key;
    }
    PyObject *bytes = PyObject_CallMethod((PyObject *)&PyLong_Type, "to_bytes", "Ois", value,
                                          (int)sizeof hash_key->bytes, "big");
    if (bytes == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        goto no_hash_key;
    }
    memcpy(hash_key->bytes, PyBytes_AS_STRING(bytes), sizeof hash_key->bytes);
    Py_DECREF(bytes);
    return 0;

no_hash_key:
    PyErr_SetString(PyExc_ValueError, "a hash key must be an int from 0 to 2**128 - 1");
    return -1;
}

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

int
deagg_options_parse(PyObject *args, PyObject *kwargs, const char *format, PyObject **records,
                    deagg_options *options)
{
    static char *names[] = {"records", "data_format",    "decode", "strict",
                            "verify",  "hash_key_range", NULL};
    PyObject *data_format = Py_None;
    PyObject *hash_key_range = Py_None;
    int decode = 0;
    int strict = 0;
    int verify = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, records, &data_format, &decode,
                                     &strict, &verify, &hash_key_range)) {
        return -1;
    }
    options->decode = decode;
    options->strict = strict;
    options->verify = verify;
    if (parse_data_format(data_format) < 0) {
        return -1;
    }
    return parse_hash_key_range(hash_key_range, options);
}
