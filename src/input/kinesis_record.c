/* Recognising and reading Kinesis records: see kinesis_record.h. */
#include "input/kinesis_record.h"

#include "base/mapping.h"
#include "input/unknown_source.h"

/* recognise() for every source except Lambda. */
static int
recognise_other(deagg_state *state, PyObject *record, deagg_source *source, PyObject **value)
{
    const struct {
        deagg_source source;
        PyObject *keys[3]; /* borrowed; NULL after the last */
    } signatures[] = {
        {DEAGG_BOTO3, {state->names.Data, state->names.SequenceNumber}},
        {DEAGG_FIREHOSE, {state->names.kinesisRecordMetadata}},
        {DEAGG_ANALYTICS, {state->names.kinesisStreamRecordMetadata}},
        {DEAGG_PIPES,
         {state->names.data, state->names.sequenceNumber, state->names.kinesisSchemaVersion}},
    };
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        int found = deagg_mapping_get(record, signatures[i].keys[0], value);
        for (size_t k = 1; found > 0 && k < 3 && signatures[i].keys[k] != NULL; k++) {
            found = deagg_mapping_has(record, signatures[i].keys[k]);
        }
        if (found > 0) {
            *source = signatures[i].source;
            return 0;
        }
        Py_CLEAR(*value);
        if (found < 0) {
            return -1;
        }
    }
    *source = DEAGG_UNKNOWN_SOURCE;
    return 0;
}

/* Recognises `record`, a mapping, by its keys. 0 with *source and, in *value, a new reference to
 * the value of the first of those keys, or NULL if the source is unknown; or -1 with NULL and the
 * mapping's exception. */
static int
recognise(deagg_state *state, PyObject *record, deagg_source *source, PyObject **value)
{
    int found = deagg_mapping_get(record, state->names.kinesis, value);
    if (found == 0) {
        return recognise_other(state, record, source, value);
    }
    *source = DEAGG_LAMBDA;
    return found < 0 ? -1 : 0;
}

int
deagg_kinesis_record_is_known(deagg_state *state, PyObject *record)
{
    deagg_source source;
    PyObject *value;
    if (recognise(state, record, &source, &value) < 0) {
        return -1;
    }
    Py_XDECREF(value);
    return source != DEAGG_UNKNOWN_SOURCE;
}

/* Whether the payload is base64 text: always, except for bytes-like objects from boto3. */
static bool
sends_base64(deagg_source source, PyObject *payload)
{
    return source != DEAGG_BOTO3 || !PyObject_CheckBuffer(payload);
}

/* Whether the record itself holds the metadata, and its payload under the first of the keys that
 * the source is recognised by. */
static bool
is_flat(deagg_source source)
{
    return source == DEAGG_BOTO3 || source == DEAGG_PIPES;
}

PyObject *
deagg_kinesis_record_metadata_key(deagg_state *state, deagg_source source)
{
    switch (source) {
        case DEAGG_LAMBDA:
            return state->names.kinesis;
        case DEAGG_FIREHOSE:
            return state->names.kinesisRecordMetadata;
        case DEAGG_ANALYTICS:
            return state->names.kinesisStreamRecordMetadata;
        default:
            Py_UNREACHABLE();
    }
}

/* Reads the payload of a record that is not flat: a new reference, or NULL with an exception. */
static PyObject *
read_payload(deagg_state *state, PyObject *record, Py_ssize_t index, deagg_source source,
             PyObject *metadata)
{
    PyObject *metadata_key = deagg_kinesis_record_metadata_key(state, source);
    if (!deagg_is_mapping(metadata)) {
        PyErr_Format(PyExc_TypeError, "'%U' of record %zd must be a mapping, not '%.200s'",
                     metadata_key, index, Py_TYPE(metadata)->tp_name);
        return NULL;
    }
    PyObject *payload;
    PyObject *container = source == DEAGG_LAMBDA ? metadata : record;
    if (deagg_mapping_get(container, state->names.data, &payload) == 0) {
        if (source == DEAGG_LAMBDA) {
            PyErr_Format(PyExc_KeyError, "'kinesis' of record %zd lacks the key 'data'", index);
        }
        else {
            PyErr_Format(PyExc_KeyError, "record %zd lacks the key 'data'", index);
        }
    }
    return payload;
}

int
deagg_kinesis_record_read(deagg_state *state, PyObject *record, Py_ssize_t index,
                          deagg_kinesis_record *kinesis_record)
{
    if (!deagg_is_mapping(record)) {
        PyErr_Format(PyExc_TypeError, "record %zd must be a mapping, not '%.200s'", index,
                     Py_TYPE(record)->tp_name);
        return -1;
    }
    deagg_source source;
    PyObject *value;
    if (recognise(state, record, &source, &value) < 0) {
        return -1;
    }
    if (source == DEAGG_UNKNOWN_SOURCE) {
        deagg_unknown_source_raise(record, index);
        return -1;
    }
    if (is_flat(source)) {
        *kinesis_record = (deagg_kinesis_record){source, Py_NewRef(record), Py_NewRef(record),
                                                 value, sends_base64(source, value)};
        return 0;
    }
    PyObject *payload = read_payload(state, record, index, source, value);
    if (payload == NULL) {
        Py_DECREF(value);
        return -1;
    }
    *kinesis_record = (deagg_kinesis_record){source, Py_NewRef(record), value, payload,
                                             sends_base64(source, payload)};
    return 0;
}

/* The payload of `record` from `source`, whose first key has `value`, if it is in an exact dict. 1
 * with a new reference in *payload, 0 with NULL, or -1 with NULL and an exception. */
static int
get_payload(deagg_state *state, PyObject *record, deagg_source source, PyObject *value,
            PyObject **payload)
{
    *payload = NULL;
    if (source == DEAGG_UNKNOWN_SOURCE) {
        return 0;
    }
    if (is_flat(source)) {
        *payload = Py_NewRef(value);
        return 1;
    }
    PyObject *container = source == DEAGG_LAMBDA ? value : record;
    return PyDict_CheckExact(container) ? PyDict_GetItemRef(container, state->names.data, payload)
                                        : 0;
}

int
deagg_kinesis_record_find_payload(deagg_state *state, PyObject *record, PyObject **payload,
                                  bool *is_base64)
{
    deagg_source source;
    PyObject *value;
    *payload = NULL;
    if (!PyDict_CheckExact(record)) {
        return 0;
    }
    int found = recognise(state, record, &source, &value);
    if (found == 0) {
        found = get_payload(state, record, source, value, payload);
        Py_XDECREF(value);
    }
    /* A look-up fails only in the code of user-defined keys. Such an error is raised again, and
     * counts, at the record's turn. */
    if (found < 0 && PyErr_ExceptionMatches(PyExc_Exception)) {
        PyErr_Clear();
        found = 0;
    }
    if (found > 0) {
        *is_base64 = sends_base64(source, *payload);
    }
    return found;
}

/* Looks for a list or tuple of records under the two usual keys. Returns as
 * deagg_event_find_records does. */
static int
find_records(deagg_state *state, PyObject *event, PyObject **records)
{
    PyObject *const keys[] = {state->names.Records, state->names.records};
    for (size_t i = 0; i < 2; i++) {
        if (deagg_mapping_get(event, keys[i], records) < 0) {
            return -1;
        }
        if (*records != NULL && (PyList_Check(*records) || PyTuple_Check(*records))) {
            return 1;
        }
        Py_CLEAR(*records);
    }
    return 0;
}

int
deagg_event_find_records(deagg_state *state, PyObject *event, PyObject **records)
{
    int found = find_records(state, event, records);
    if (found != 0) {
        return found;
    }
    PyObject *inner;
    found = deagg_mapping_get(event, state->names.SubscribeToShardEvent, &inner);
    if (found > 0) {
        found = deagg_is_mapping(inner) ? find_records(state, inner, records) : 0;
        Py_DECREF(inner);
    }
    return found;
}

void
deagg_kinesis_record_clear(deagg_kinesis_record *kinesis_record)
{
    Py_CLEAR(kinesis_record->record);
    Py_CLEAR(kinesis_record->metadata);
    Py_CLEAR(kinesis_record->payload);
}
