/* Finds payload and metadata in a Kinesis record: see source.h. */
#include "source.h"

#include "mapping.h"

/* Gets an item that has to be there, as a new reference; NULL with KeyError where it is not. */
static PyObject *
get_required(PyObject *mapping, PyObject *key, const char *of_what)
{
    PyObject *value;
    if (deagg_mapping_get(mapping, key, &value) == 0) {
        PyErr_Format(PyExc_KeyError, "%s has no key '%U'", of_what, key);
    }
    return value;
}

static int
require_mapping(PyObject *object, const char *what)
{
    if (!deagg_is_mapping(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be a mapping, not '%.200s'", what,
                     Py_TYPE(object)->tp_name);
        return -1;
    }
    return 0;
}

int
deagg_source_read(deagg_state *state, PyObject *record, deagg_kinesis_record *kinesis_record)
{
    PyObject *kinesis = NULL;
    PyObject *payload = NULL;
    if (require_mapping(record, "a Kinesis record") < 0) {
        return -1;
    }
    kinesis = get_required(record, state->keys.kinesis, "the Kinesis record");
    if (kinesis == NULL) {
        goto error;
    }
    if (require_mapping(kinesis, "the Kinesis record's 'kinesis'") < 0) {
        goto error;
    }
    payload = get_required(kinesis, state->keys.data, "the Kinesis record's 'kinesis'");
    if (payload == NULL) {
        goto error;
    }
    *kinesis_record = (deagg_kinesis_record){Py_NewRef(record), kinesis, payload};
    return 0;

error:
    Py_XDECREF(kinesis);
    return -1;
}

PyObject *
deagg_source_peek(deagg_state *state, PyObject *record)
{
    PyObject *kinesis = NULL;
    PyObject *payload = NULL;
    if (PyDict_CheckExact(record)) {
        (void)PyDict_GetItemRef(record, state->keys.kinesis, &kinesis);
    }
    if (kinesis != NULL && PyDict_CheckExact(kinesis)) {
        (void)PyDict_GetItemRef(kinesis, state->keys.data, &payload);
    }
    Py_XDECREF(kinesis);
    /* A look-up can fail only in foreign keys; the error comes again, and counts, at the record's
     * turn. */
    PyErr_Clear();
    return payload;
}

void
deagg_source_clear(deagg_kinesis_record *kinesis_record)
{
    Py_CLEAR(kinesis_record->record);
    Py_CLEAR(kinesis_record->kinesis);
    Py_CLEAR(kinesis_record->payload);
}
