/* Parsing the options: see options.h. */
#include "api/options.h"

#include "base/mapping.h"

/* 0, or -1 with ValueError. */
static int
parse_data_format(PyObject *data_format, bool *boto3)
{
    *boto3 = PyUnicode_Check(data_format) &&
             PyUnicode_CompareWithASCIIString(data_format, "Boto3") == 0;
    if (*boto3 || data_format == Py_None) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "data_format must be None or 'Boto3', not %.100R", data_format);
    return -1;
}

/* Converts a Python int. 0, or -1 with TypeError, ValueError or MemoryError. */
static int
parse_int(PyObject *value, kpl_hash_key *hash_key)
{
    if (!PyLong_Check(value)) {
        PyErr_Format(PyExc_TypeError, "hash_key_range must hold ints, not '%.200s'",
                     Py_TYPE(value)->tp_name);
        return -1;
    }
    PyObject *bytes = PyObject_CallMethod((PyObject *)&PyLong_Type, "to_bytes", "Ois", value,
                                          (int)sizeof hash_key->bytes, "big");
    if (bytes == NULL) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
            PyErr_SetString(PyExc_ValueError,
                            "hash_key_range must hold ints from 0 to 2**128 - 1");
        }
        return -1;
    }
    memcpy(hash_key->bytes, PyBytes_AS_STRING(bytes), sizeof hash_key->bytes);
    Py_DECREF(bytes);
    return 0;
}

/* Converts boto3's decimal str. 0, or -1 with TypeError, ValueError or MemoryError. */
static int
parse_decimal(PyObject *value, kpl_hash_key *hash_key)
{
    if (!PyUnicode_Check(value)) {
        PyErr_Format(PyExc_TypeError, "a HashKeyRange must hold decimal str, not '%.200s'",
                     Py_TYPE(value)->tp_name);
        return -1;
    }
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(value, &size);
    if (text != NULL &&
        kpl_hash_key_parse((kpl_bytes){(const uint8_t *)text, (size_t)size}, hash_key)) {
        return 0;
    }
    /* Lone surrogates have no UTF-8. */
    if (text == NULL && !PyErr_ExceptionMatches(PyExc_UnicodeError)) {
        return -1;
    }
    PyErr_Format(PyExc_ValueError, "a HashKeyRange must hold decimals below 2**128, not %.100R",
                 value);
    return -1;
}

/* Converts mapping[key]. 0, or -1 with an exception. */
static int
parse_decimal_at(PyObject *mapping, PyObject *key, kpl_hash_key *hash_key)
{
    PyObject *value;
    int found = deagg_mapping_get(mapping, key, &value);
    if (found < 0) {
        return -1;
    }
    if (found == 0) {
        PyErr_Format(PyExc_ValueError, "the mapping hash_key_range lacks the key '%U'", key);
        return -1;
    }
    int result = parse_decimal(value, hash_key);
    Py_DECREF(value);
    return result;
}

/* Sets both ends of the range. 0, or -1 with an exception. */
static int
parse_ends(deagg_state *state, PyObject *range, deagg_options *options)
{
    if (deagg_is_mapping(range)) {
        return parse_decimal_at(range, state->names.StartingHashKey, &options->first_hash_key) < 0
                   ? -1
                   : parse_decimal_at(range, state->names.EndingHashKey, &options->last_hash_key);
    }
    if (!PyTuple_Check(range)) {
        PyErr_Format(PyExc_TypeError,
                     "hash_key_range must be a tuple (first, last) or a shard's HashKeyRange, "
                     "not '%.200s'",
                     Py_TYPE(range)->tp_name);
        return -1;
    }
    if (PyTuple_GET_SIZE(range) != 2) {
        PyErr_Format(PyExc_ValueError, "hash_key_range must have 2 items, not %zd",
                     PyTuple_GET_SIZE(range));
        return -1;
    }
    return parse_int(PyTuple_GET_ITEM(range, 0), &options->first_hash_key) < 0
               ? -1
               : parse_int(PyTuple_GET_ITEM(range, 1), &options->last_hash_key);
}

/* Sets the three fields of the range. 0, or -1 with an exception. */
static int
parse_hash_key_range(deagg_state *state, PyObject *range, deagg_options *options)
{
    options->has_hash_key_range = range != Py_None;
    if (range == Py_None) {
        return 0;
    }
    if (parse_ends(state, range, options) < 0) {
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

/* 0, or -1 with the exception that the value's __bool__ raised. */
static int
parse_flag(PyObject *value, bool *flag)
{
    int truth = PyObject_IsTrue(value);
    *flag = truth > 0;
    return truth < 0 ? -1 : 0;
}

/* 0, or -1 with an exception. */
static int
parse_values(deagg_state *state, const raw_options *raw, deagg_options *options)
{
    if (parse_flag(raw->decode, &options->decode) < 0 ||
        parse_flag(raw->strict, &options->strict) < 0 ||
        parse_flag(raw->verify, &options->verify) < 0 ||
        parse_data_format(raw->data_format, &options->boto3) < 0) {
        return -1;
    }
    return parse_hash_key_range(state, raw->hash_key_range, options);
}

int
deagg_options_parse(deagg_state *state, PyObject *args, PyObject *kwargs, const char *format,
                    PyObject **records, deagg_options *options)
{
    static char *names[] = {"records", "data_format",    "decode", "strict",
                            "verify",  "hash_key_range", NULL};
    raw_options raw = {
        .data_format = Py_None,
        .decode = Py_False,
        .strict = Py_False,
        .verify = Py_True,
        .hash_key_range = Py_None,
    };
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, records, &raw.data_format,
                                     &raw.decode, &raw.strict, &raw.verify, &raw.hash_key_range)) {
        return -1;
    }
    /* User code that runs below, such as __bool__, may clear `kwargs`. */
    PyObject *held = PyTuple_Pack(6, *records, raw.data_format, raw.decode, raw.strict, raw.verify,
                                  raw.hash_key_range);
    if (held == NULL) {
        return -1;
    }
    int result = parse_values(state, &raw, options);
    if (result == 0) {
        Py_INCREF(*records);
    }
    Py_DECREF(held);
    return result;
}
