/* Explaining an unknown source: see unknown_source.h. */
#include "input/unknown_source.h"

#include "base/mapping.h"

/* How many keys are named. */
#define MAX_KEYS 10

/* What a record with a well-known key is, and what to pass instead. */
static const struct {
    const char *key;
    const char *hint;
} hints[] = {
    {"Sns", ". This looks like an SNS notification: pass the Kinesis record in its message"},
    {"dynamodb", ". This looks like a DynamoDB stream's record, which the KPL does not write"},
    {"body", ". This looks like an SQS message: pass the Kinesis record in its body"},
    {"messageId", ". This looks like an SQS message: pass the Kinesis record in its body"},
    {"Records",
     ". This looks like a whole event: pass it as the argument itself, with a list of records"},
    {"records",
     ". This looks like a whole event: pass it as the argument itself, with a list of records"},
};

/* The hint for `record`, or "": NULL with an exception. */
static const char *
find_hint(PyObject *record)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        PyObject *key = PyUnicode_FromString(hints[i].key);
        int found = key == NULL ? -1 : deagg_mapping_has(record, key);
        Py_XDECREF(key);
        if (found != 0) {
            return found < 0 ? NULL : hints[i].hint;
        }
    }
    return "";
}

/* Appends the repr of `key`, shortened, to the list `context`, up to MAX_KEYS and an ellipsis. 0,
 * or -1 with an exception. */
static int
append_name(PyObject *key, void *context)
{
    PyObject *names = context;
    if (PyList_GET_SIZE(names) > MAX_KEYS) {
        return 0;
    }
    PyObject *name = PyList_GET_SIZE(names) == MAX_KEYS ? PyUnicode_FromString("...")
                                                        : PyUnicode_FromFormat("%.60R", key);
    if (name == NULL) {
        return -1;
    }
    int result = PyList_Append(names, name);
    Py_DECREF(name);
    return result;
}

/* The names of the keys of `record`, or "none": a new str, or NULL with an exception. */
static PyObject *
join_names(PyObject *record)
{
    PyObject *joined = NULL;
    PyObject *separator = PyUnicode_FromString(", ");
    PyObject *names = PyList_New(0);
    if (separator != NULL && names != NULL &&
        deagg_mapping_visit_keys(record, append_name, names) == 0) {
        joined = PyList_GET_SIZE(names) == 0 ? PyUnicode_FromString("none")
                                             : PyUnicode_Join(separator, names);
    }
    Py_XDECREF(separator);
    Py_XDECREF(names);
    return joined;
}

void
deagg_unknown_source_raise(PyObject *record, Py_ssize_t index)
{
    const char *hint = find_hint(record);
    PyObject *names = hint == NULL ? NULL : join_names(record);
    if (names == NULL) {
        return;
    }
    PyErr_Format(
        PyExc_KeyError,
        "record %zd is from an unknown source. Its keys: %U. The keys of the known sources: "
        "'kinesis'; 'Data' and 'SequenceNumber'; 'kinesisRecordMetadata'; "
        "'kinesisStreamRecordMetadata'; 'data', 'sequenceNumber' and "
        "'kinesisSchemaVersion'%s",
        index, names, hint);
    Py_DECREF(names);
}
