/* Every source in Lambda's shape: see conversion.h.
 *
 * 'kinesis' holds the metadata, wherever the source has it, beginning with the keys that have a
 * documented place; on the outer level stands nothing else, but for the event keys of EventBridge
 * Pipes. */
#include "input/lambda_shape.h"

#include "base/mapping.h"

/* Sets dict[key] from the metadata or, where these lack it, from the record. 0, or -1 with an
 * exception. */
static int
copy_placed(PyObject *dict, PyObject *key, const deagg_kinesis_record *kinesis_record,
            PyObject *source_key)
{
    if (deagg_mapping_copy_as(dict, key, kinesis_record->metadata, source_key) < 0) {
        return -1;
    }
    if (kinesis_record->metadata == kinesis_record->record) {
        return 0;
    }
    return deagg_mapping_copy_as(dict, key, kinesis_record->record, source_key);
}

/* Sets the schema version, '1.0' where the source leaves it out. 0, or -1 with an exception. */
static int
set_schema_version(deagg_state *state, PyObject *kinesis,
                   const deagg_kinesis_record *kinesis_record)
{
    PyObject *key = state->keys.kinesisSchemaVersion;
    if (copy_placed(kinesis, key, kinesis_record, key) < 0) {
        return -1;
    }
    int contained = PyDict_Contains(kinesis, key);
    if (contained != 0) {
        return contained < 0 ? -1 : 0;
    }
    PyObject *version = PyUnicode_FromString("1.0");
    if (version == NULL) {
        return -1;
    }
    int result = PyDict_SetItem(kinesis, key, version);
    Py_DECREF(version);
    return result;
}

/* Sets the keys that have a place of their own, in their order. 0, or -1 with an exception. */
static int
set_placed_keys(deagg_state *state, PyObject *kinesis, const deagg_kinesis_record *kinesis_record)
{
    bool boto3 = kinesis_record->source == DEAGG_BOTO3;
    PyObject *const keys[][2] = {
        {state->keys.sequenceNumber, state->keys.SequenceNumber},
        {state->keys.approximateArrivalTimestamp, state->keys.ApproximateArrivalTimestamp},
        {state->keys.partitionKey, state->keys.PartitionKey},
    };
    if (set_schema_version(state, kinesis, kinesis_record) < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (copy_placed(kinesis, keys[i][0], kinesis_record, keys[i][boto3]) < 0) {
            return -1;
        }
    }
    return PyDict_SetItem(kinesis, state->keys.data, kinesis_record->payload);
}

/* `key` as Lambda spells it, its first letter in lower case: a new reference, or NULL with an
 * exception. */
static PyObject *
lambda_spelling(PyObject *key)
{
    if (!PyUnicode_Check(key)) {
        return Py_NewRef(key);
    }
    if (deagg_str_ready(key) < 0) {
        return NULL;
    }
    if (PyUnicode_GET_LENGTH(key) == 0) {
        return Py_NewRef(key);
    }
    Py_UCS4 first = PyUnicode_READ_CHAR(key, 0);
    if (first < 'A' || first > 'Z') {
        return Py_NewRef(key);
    }
    PyObject *rest = PyUnicode_Substring(key, 1, PyUnicode_GET_LENGTH(key));
    if (rest == NULL) {
        return NULL;
    }
    PyObject *spelled = PyUnicode_FromFormat("%c%U", (int)(first - 'A' + 'a'), rest);
    Py_DECREF(rest);
    return spelled;
}

/* Copies all other keys of a boto3 record. 0, or -1 with an exception. */
static int
copy_from_boto3(PyObject *kinesis, PyObject *record)
{
    PyObject *keys = PyMapping_Keys(record);
    if (keys == NULL) {
        return -1;
    }
    int result = 0;
    PyObject *key;
    for (Py_ssize_t i = 0; result == 0 && (key = deagg_sequence_item(keys, i)) != NULL; i++) {
        PyObject *spelled = lambda_spelling(key);
        result = spelled == NULL ? -1 : deagg_mapping_copy_as(kinesis, spelled, record, key);
        Py_XDECREF(spelled);
        Py_DECREF(key);
    }
    Py_DECREF(keys);
    return result;
}

/* Copies all other keys of a record that has its metadata under a key. 0, or -1 with an
 * exception. */
static int
copy_from_transformation(deagg_state *state, PyObject *kinesis,
                         const deagg_kinesis_record *kinesis_record)
{
    PyObject *metadata_key = deagg_source_metadata_key(state, kinesis_record->source);
    /* That key is taken while the others are copied, so that the mapping itself is not. */
    if (PyDict_SetItem(kinesis, metadata_key, Py_None) < 0 ||
        deagg_mapping_copy_missing(kinesis, kinesis_record->record) < 0 ||
        PyDict_DelItem(kinesis, metadata_key) < 0) {
        return -1;
    }
    return deagg_mapping_copy_missing(kinesis, kinesis_record->metadata);
}

/* Moves kinesis[key] to the outer level if Lambda has it there. 0, or -1 with an exception. */
static int
move_event_key(deagg_state *state, PyObject *kinesis, PyObject *record, PyObject *key)
{
    int moves = PySet_Contains(state->event_keys, key);
    if (moves <= 0) {
        return moves;
    }
    if (deagg_mapping_copy_as(record, key, kinesis, key) < 0) {
        return -1;
    }
    return PyDict_DelItem(kinesis, key);
}

/* Copies all other keys of a Pipes record, the event keys to the outer level. 0, or -1 with an
 * exception. */
static int
copy_from_pipes(deagg_state *state, PyObject *kinesis, PyObject *record,
                const deagg_kinesis_record *kinesis_record)
{
    if (deagg_mapping_copy_missing(kinesis, kinesis_record->record) < 0) {
        return -1;
    }
    PyObject *keys = PyDict_Keys(kinesis);
    if (keys == NULL) {
        return -1;
    }
    int result = 0;
    PyObject *key;
    for (Py_ssize_t i = 0; result == 0 && (key = deagg_sequence_item(keys, i)) != NULL; i++) {
        result = move_event_key(state, kinesis, record, key);
        Py_DECREF(key);
    }
    Py_DECREF(keys);
    return result;
}

/* Fills the two new dicts. 0, or -1 with an exception. */
static int
fill(deagg_state *state, PyObject *record, PyObject *kinesis,
     const deagg_kinesis_record *kinesis_record)
{
    if (PyDict_SetItem(record, state->keys.kinesis, kinesis) < 0 ||
        set_placed_keys(state, kinesis, kinesis_record) < 0) {
        return -1;
    }
    switch (kinesis_record->source) {
        case DEAGG_BOTO3:
            return copy_from_boto3(kinesis, kinesis_record->record);
        case DEAGG_FIREHOSE:
        case DEAGG_ANALYTICS:
            return copy_from_transformation(state, kinesis, kinesis_record);
        case DEAGG_PIPES:
            return copy_from_pipes(state, kinesis, record, kinesis_record);
        default:
            Py_UNREACHABLE();
    }
}

int
deagg_conversion_to_lambda(deagg_state *state, deagg_kinesis_record *kinesis_record)
{
    if (kinesis_record->source == DEAGG_LAMBDA) {
        return 0;
    }
    PyObject *record = PyDict_New();
    PyObject *kinesis = PyDict_New();
    if (record == NULL || kinesis == NULL || fill(state, record, kinesis, kinesis_record) < 0) {
        Py_XDECREF(record);
        Py_XDECREF(kinesis);
        return -1;
    }
    Py_SETREF(kinesis_record->record, record);
    Py_SETREF(kinesis_record->metadata, kinesis);
    return 0;
}
