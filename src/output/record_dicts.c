/* The dicts of user records: see user_record.h.
 *
 * The two dicts of a user record differ from those of its neighbours in a few values only, so each
 * is a copy of a template, which CPython makes in one piece, with these values replaced. */
#include "output/record_dicts.h"

#include "base/mapping.h"
#include "input/payload.h"

/* Copies kinesis[key] into `dict` if it is there. 0, or -1 with an exception. */
static int
copy_item(PyObject *dict, PyObject *kinesis, PyObject *key)
{
    return deagg_mapping_copy_as(dict, key, kinesis, key);
}

/* A new dict with the keys of a user record's 'kinesis' in their documented order; NULL on error.
 */
static PyObject *
kinesis_template(deagg_state *state, PyObject *kinesis)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    if (copy_item(dict, kinesis, state->keys.kinesisSchemaVersion) < 0 ||
        copy_item(dict, kinesis, state->keys.sequenceNumber) < 0 ||
        copy_item(dict, kinesis, state->keys.approximateArrivalTimestamp) < 0 ||
        PyDict_SetItem(dict, state->keys.explicitHashKey, Py_None) < 0 ||
        PyDict_SetItem(dict, state->keys.partitionKey, Py_None) < 0 ||
        PyDict_SetItem(dict, state->keys.subSequenceNumber, Py_None) < 0 ||
        PyDict_SetItem(dict, state->keys.aggregated, Py_True) < 0 ||
        PyDict_SetItem(dict, state->keys.data, Py_None) < 0 ||
        deagg_mapping_copy_missing(dict, kinesis) < 0) {
        Py_DECREF(dict);
        return NULL;
    }
    return dict;
}

/* A new dict with 'kinesis' first, then the other keys of the Kinesis record; NULL on error. */
static PyObject *
record_template(deagg_state *state, PyObject *record)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    if (PyDict_SetItem(dict, state->keys.kinesis, Py_None) < 0 ||
        deagg_mapping_copy_missing(dict, record) < 0) {
        Py_DECREF(dict);
        return NULL;
    }
    return dict;
}

int
deagg_user_records_begin(deagg_state *state, deagg_user_records *user_records, PyObject *record,
                         PyObject *kinesis, const kpl_aggregate *aggregate)
{
    deagg_user_records begun = {0};
    begun.kinesis = kinesis_template(state, kinesis);
    if (begun.kinesis == NULL) {
        goto error;
    }
    begun.record = record_template(state, record);
    if (begun.record == NULL) {
        goto error;
    }
    if (deagg_aggregate_keys_begin(&begun.keys, aggregate) < 0) {
        goto error;
    }
    *user_records = begun;
    return 0;

error:
    deagg_user_records_clear(&begun);
    return -1;
}

/* A user record's data as it comes out: a new reference, or NULL with MemoryError. */
static PyObject *
data_of(deagg_state *state, const deagg_options *options, ProtobufCBinaryData data)
{
    if (options->decode) {
        return PyBytes_FromStringAndSize((const char *)data.data, (Py_ssize_t)data.len);
    }
    return deagg_payload_text(state, (kpl_bytes){data.data, data.len});
}

/* Sets dict[key] = value and drops the reference to `value`, which may be NULL after an error. 0
 * or -1. */
static int
set_stolen(PyObject *dict, PyObject *key, PyObject *value)
{
    if (value == NULL) {
        return -1;
    }
    int result = PyDict_SetItem(dict, key, value);
    Py_DECREF(value);
    return result;
}

/* Sets dict[key] = value, which may be NULL after an error. 0 or -1. */
static int
set_borrowed(PyObject *dict, PyObject *key, PyObject *value)
{
    return value == NULL ? -1 : PyDict_SetItem(dict, key, value);
}

/* Fills in what is the user record's own. 0, or -1 with an exception. */
static int
fill_kinesis(deagg_state *state, const deagg_options *options, deagg_user_records *user_records,
             size_t index, PyObject *kinesis)
{
    const kpl_user_record *user_record = user_records->keys.aggregate->records[index];
    if (user_record->has_explicit_hash_key_index &&
        set_borrowed(kinesis, state->keys.explicitHashKey,
                     deagg_aggregate_keys_explicit_hash_key(&user_records->keys, index)) < 0) {
        return -1;
    }
    if (set_borrowed(kinesis, state->keys.partitionKey,
                     deagg_aggregate_keys_partition_key(&user_records->keys, index)) < 0) {
        return -1;
    }
    if (set_stolen(kinesis, state->keys.subSequenceNumber, PyLong_FromSize_t(index)) < 0) {
        return -1;
    }
    return set_stolen(kinesis, state->keys.data, data_of(state, options, user_record->data));
}

PyObject *
deagg_user_records_get(deagg_state *state, const deagg_options *options,
                       deagg_user_records *user_records, size_t index)
{
    PyObject *record = NULL;
    PyObject *kinesis = PyDict_Copy(user_records->kinesis);
    if (kinesis == NULL) {
        return NULL;
    }
    if (fill_kinesis(state, options, user_records, index, kinesis) < 0) {
        goto error;
    }
    record = PyDict_Copy(user_records->record);
    if (record == NULL) {
        goto error;
    }
    if (PyDict_SetItem(record, state->keys.kinesis, kinesis) < 0) {
        goto error;
    }
    Py_DECREF(kinesis);
    return record;

error:
    Py_DECREF(kinesis);
    Py_XDECREF(record);
    return NULL;
}

void
deagg_user_records_clear(deagg_user_records *user_records)
{
    deagg_aggregate_keys_clear(&user_records->keys);
    Py_CLEAR(user_records->kinesis);
    Py_CLEAR(user_records->record);
}
