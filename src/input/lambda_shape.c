/* Conversion to Lambda's shape: see lambda_shape.h.
 *
 * 'kinesis' holds all metadata, wherever the source has it, and begins with the keys that have a
 * documented place. The outer level has only 'kinesis' and, for EventBridge Pipes, the event keys.
 */
#include "input/lambda_shape.h"

#include "base/mapping.h"

/* Sets dict[key] from the metadata or, if the metadata lacks it, from the record. 0, or -1 with an
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

/* Sets the schema version, '1.0' if the source has none. 0, or -1 with an exception. */
static int
set_schema_version(deagg_state *state, PyObject *kinesis,
                   const deagg_kinesis_record *kinesis_record)
{
    PyObject *key = state->names.kinesisSchemaVersion;
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

/* Sets the keys that have a documented place, in that order. 0, or -1 with an exception. */
static int
set_placed_keys(deagg_state *state, PyObject *kinesis, const deagg_kinesis_record *kinesis_record)
{
    bool boto3 = kinesis_record->source == DEAGG_BOTO3;
    PyObject *const keys[][2] = {
        {state->names.sequenceNumber, state->names.SequenceNumber},
        {state->names.approximateArrivalTimestamp, state->names.ApproximateArrivalTimestamp},
        {state->names.partitionKey, state->names.PartitionKey},
    };
    if (set_schema_version(state, kinesis, kinesis_record) < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (copy_placed(kinesis, keys[i][0], kinesis_record, keys[i][boto3]) < 0) {
            return -1;
        }
    }
    return PyDict_SetItem(kinesis, state->names.data, kinesis_record->payload);
}

/* `key` in Lambda's spelling, with its first letter in lower case: a new reference, or NULL with
 * an exception. */
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

/* A conversion, for the functions below that visit keys. */
typedef struct {
    deagg_state *state;
    const deagg_kinesis_record *kinesis_record;
    PyObject *record;  /* the new record */
    PyObject *kinesis; /* its 'kinesis' */
} conversion;

/* Copies one key of a boto3 record in Lambda's spelling. 0, or -1 with an exception. */
static int
copy_boto3_key(PyObject *key, void *context)
{
    const conversion *target = context;
    PyObject *spelled = lambda_spelling(key);
    if (spelled == NULL) {
        return -1;
    }
    int result =
        deagg_mapping_copy_as(target->kinesis, spelled, target->kinesis_record->record, key);
    Py_DECREF(spelled);
    return result;
}

/* Copies one key of a Pipes record, an event key to the outer level. 0, or -1 with an exception.
 */
static int
copy_pipes_key(PyObject *key, void *context)
{
    const conversion *target = context;
    int is_event_key = PySet_Contains(target->state->event_keys, key);
    if (is_event_key < 0) {
        return -1;
    }
    return deagg_mapping_copy_item(is_event_key ? target->record : target->kinesis,
                                   target->kinesis_record->record, key);
}

/* Copies all other keys of a record with a key for the metadata. 0, or -1 with an exception. */
static int
copy_transformation_keys(const conversion *target)
{
    PyObject *kinesis = target->kinesis;
    const deagg_kinesis_record *kinesis_record = target->kinesis_record;
    PyObject *metadata_key =
        deagg_kinesis_record_metadata_key(target->state, kinesis_record->source);
    /* The key is taken during the copying, so that the metadata itself is not copied. Comparing it
     * with each key instead would run the code of keys whose hash differs. */
    if (PyDict_SetItem(kinesis, metadata_key, Py_None) < 0 ||
        deagg_mapping_copy_missing(kinesis, kinesis_record->record) < 0 ||
        PyDict_DelItem(kinesis, metadata_key) < 0) {
        return -1;
    }
    return deagg_mapping_copy_missing(kinesis, kinesis_record->metadata);
}

/* Fills the two new dicts. 0, or -1 with an exception. */
static int
fill(conversion *target)
{
    deagg_state *state = target->state;
    const deagg_kinesis_record *kinesis_record = target->kinesis_record;
    if (PyDict_SetItem(target->record, state->names.kinesis, target->kinesis) < 0 ||
        set_placed_keys(state, target->kinesis, kinesis_record) < 0) {
        return -1;
    }
    switch (kinesis_record->source) {
        case DEAGG_BOTO3:
            return deagg_mapping_visit_keys(kinesis_record->record, copy_boto3_key, target);
        case DEAGG_FIREHOSE:
        case DEAGG_ANALYTICS:
            return copy_transformation_keys(target);
        case DEAGG_PIPES:
            return deagg_mapping_visit_keys(kinesis_record->record, copy_pipes_key, target);
        default:
            Py_UNREACHABLE();
    }
}

int
deagg_lambda_shape_convert(deagg_state *state, deagg_kinesis_record *kinesis_record)
{
    if (kinesis_record->source == DEAGG_LAMBDA) {
        return 0;
    }
    conversion target = {state, kinesis_record, PyDict_New(), PyDict_New()};
    if (target.record == NULL || target.kinesis == NULL || fill(&target) < 0) {
        Py_XDECREF(target.record);
        Py_XDECREF(target.kinesis);
        return -1;
    }
    Py_SETREF(kinesis_record->record, target.record);
    Py_SETREF(kinesis_record->metadata, target.kinesis);
    return 0;
}
