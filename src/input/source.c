/* Recognising sources by their keys: see source.h. */
#include "input/source.h"

#include "base/mapping.h"

/* recognise() for every source except Lambda. */
static int
recognise_other(deagg_state *state, PyObject *record, deagg_source *source, PyObject **value)
{
    const struct {
        deagg_source source;
        PyObject *keys[3]; /* borrowed; NULL after the last */
    } marks[] = {
        {DEAGG_BOTO3, {state->keys.Data, state->keys.SequenceNumber}},
        {DEAGG_FIREHOSE, {state->keys.kinesisRecordMetadata}},
        {DEAGG_ANALYTICS, {state->keys.kinesisStreamRecordMetadata}},
        {DEAGG_PIPES,
         {state->keys.data, state->keys.sequenceNumber, state->keys.kinesisSchemaVersion}},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        int found = deagg_mapping_get(record, marks[i].keys[0], value);
        for (size_t k = 1; found > 0 && k < 3 && marks[i].keys[k] != NULL; k++) {
            found = deagg_mapping_has(record, marks[i].keys[k]);
        }
        if (found > 0) {
            *source = marks[i].source;
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
    int found = deagg_mapping_get(record, state->keys.kinesis, value);
    if (found == 0) {
        return recognise_other(state, record, source, value);
    }
    *source = DEAGG_LAMBDA;
    return found < 0 ? -1 : 0;
}

int
deagg_source_is_known(deagg_state *state, PyObject *record)
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
is_text(deagg_source source, PyObject *payload)
{
    return source != DEAGG_BOTO3 || !PyObject_CheckBuffer(payload);
}

/* Whether the record has its payload beside the metadata, under the first of the keys that the
 * source is recognised by. */
static bool
is_flat(deagg_source source)
{
    return source == DEAGG_BOTO3 || source == DEAGG_PIPES;
}

PyObject *
deagg_source_metadata_key(deagg_state *state, deagg_source source)
{
    switch (source) {
        case DEAGG_LAMBDA:
            return state->keys.kinesis;
        case DEAGG_FIREHOSE:
            return state->keys.kinesisRecordMetadata;
        case DEAGG_ANALYTICS:
            return state->keys.kinesisStreamRecordMetadata;
        default:
            Py_UNREACHABLE();
    }
}

/* Reads the payload of a record that is not flat: a new reference, or NULL with an exception. */
static PyObject *
read_payload(deagg_state *state, PyObject *record, deagg_source source, PyObject *metadata)
{
    if (!deagg_is_mapping(metadata)) {
        PyErr_Format(PyExc_TypeError, "the Kinesis record's '%U' must be a mapping, not '%.200s'",
                     deagg_source_metadata_key(state, source), Py_TYPE(metadata)->tp_name);
        return NULL;
    }
    PyObject *payload;
    PyObject *container = source == DEAGG_LAMBDA ? metadata : record;
    if (deagg_mapping_get(container, state->keys.data, &payload) == 0) {
        PyErr_SetString(PyExc_KeyError, source == DEAGG_LAMBDA
                                            ? "the Kinesis record's 'kinesis' has no key 'data'"
                                            : "the Kinesis record has no key 'data'");
    }
    return payload;
}

int
deagg_source_read(deagg_state *state, PyObject *record, deagg_kinesis_record *kinesis_record)
{
    if (!deagg_is_mapping(record)) {
        PyErr_Format(PyExc_TypeError, "a Kinesis record must be a mapping, not '%.200s'",
                     Py_TYPE(record)->tp_name);
        return -1;
    }
    deagg_source source;
    PyObject *value;
    if (recognise(state, record, &source, &value) < 0) {
        return -1;
    }
    if (source == DEAGG_UNKNOWN_SOURCE) {
        PyErr_SetString(
            PyExc_KeyError,
            "the record has the keys of no known source: 'kinesis'; 'Data' and "
            "'SequenceNumber'; 'kinesisRecordMetadata'; 'kinesisStreamRecordMetadata'; "
            "'data', 'sequenceNumber' and 'kinesisSchemaVersion'");
        return -1;
    }
    if (is_flat(source)) {
        *kinesis_record = (deagg_kinesis_record){source, Py_NewRef(record), Py_NewRef(record),
                                                 value, is_text(source, value)};
        return 0;
    }
    PyObject *payload = read_payload(state, record, source, value);
    if (payload == NULL) {
        Py_DECREF(value);
        return -1;
    }
    *kinesis_record = (deagg_kinesis_record){source, Py_NewRef(record), value, payload,
                                             is_text(source, payload)};
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
    return PyDict_CheckExact(container) ? PyDict_GetItemRef(container, state->keys.data, payload)
                                        : 0;
}

int
deagg_source_find_payload(deagg_state *state, PyObject *record, PyObject **payload,
                          bool *payload_is_text)
{
    deagg_source source;
    PyObject *value;
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
        *payload_is_text = is_text(source, *payload);
    }
    return found;
}

/* Looks for a list or tuple of records under the two usual keys. Returns as
 * deagg_source_find_records does. */
static int
find_records(deagg_state *state, PyObject *event, PyObject **records)
{
    PyObject *const keys[] = {state->keys.Records, state->keys.records};
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
deagg_source_find_records(deagg_state *state, PyObject *event, PyObject **records)
{
    int found = find_records(state, event, records);
    if (found != 0) {
        return found;
    }
    PyObject *inner;
    found = deagg_mapping_get(event, state->keys.SubscribeToShardEvent, &inner);
    if (found > 0) {
        found = deagg_is_mapping(inner) ? find_records(state, inner, records) : 0;
        Py_DECREF(inner);
    }
    return found;
}

void
deagg_source_clear(deagg_kinesis_record *kinesis_record)
{
    Py_CLEAR(kinesis_record->record);
    Py_CLEAR(kinesis_record->metadata);
    Py_CLEAR(kinesis_record->payload);
}
