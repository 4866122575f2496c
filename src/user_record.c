/* The dicts of user records: see user_record.h.
 *
 * The two dicts of a user record differ from those of its neighbours in a few values only, so each
 * is a copy of a template, which CPython makes in one piece, with these values replaced. */
#include "user_record.h"

#include "kpl/base64.h"
#include "mapping.h"

/* Copies `key` from `mapping` into `dict` if it is there. 0, or -1 with an exception. */
static int
copy_item(PyObject *dict, PyObject *mapping, PyObject *key)
{
    PyObject *value;
    int found = deagg_mapping_get(mapping, key, &value);
    if (found > 0) {
        found = PyDict_SetItem(dict, key, value);
        Py_DECREF(value);
    }
    return found;
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
deagg_user_records_begin(deagg_state *state, deagg_user_records *user_records,
                         const deagg_kinesis_record *kinesis_record,
                         const kpl_aggregate *aggregate)
{
    deagg_user_records begun = {.aggregate = aggregate};
    begun.kinesis = kinesis_template(state, kinesis_record->kinesis);
    if (begun.kinesis == NULL) {
        goto error;
    }
    begun.record = record_template(state, kinesis_record->record);
    if (begun.record == NULL) {
        goto error;
    }
    begun.partition_keys = PyMem_Calloc(aggregate->n_partition_key_table, sizeof(PyObject *));
    begun.explicit_hash_keys =
        PyMem_Calloc(aggregate->n_explicit_hash_key_table, sizeof(PyObject *));
    if (begun.partition_keys == NULL || begun.explicit_hash_keys == NULL) {
        PyErr_NoMemory();
        goto error;
    }
    *user_records = begun;
    return 0;

error:
    deagg_user_records_clear(&begun);
    return -1;
}

/* The str of a table entry, made on first use: a borrowed reference, or NULL with MemoryError. */
static PyObject *
key_at(PyObject **keys, const ProtobufCBinaryData *table, uint64_t index)
{
    if (keys[index] == NULL) {
        keys[index] = PyUnicode_DecodeUTF8((const char *)table[index].data,
                                           (Py_ssize_t)table[index].len, "replace");
    }
    return keys[index];
}

/* A new str, the base64 of `data`; NULL with MemoryError. */
static PyObject *
base64_of(deagg_state *state, ProtobufCBinaryData data)
{
    PyObject *text = PyUnicode_New((Py_ssize_t)kpl_base64_encoded_size(data.len), 127);
    if (text != NULL && data.len != 0) {
        state->kernels->base64_encode((kpl_bytes){data.data, data.len},
                                      (char *)PyUnicode_1BYTE_DATA(text));
    }
    return text;
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

/* Fills in what is the user record's own. 0, or -1 with an exception. */
static int
fill_kinesis(deagg_state *state, const deagg_user_records *user_records, size_t index,
             PyObject *kinesis)
{
    const kpl_aggregate *aggregate = user_records->aggregate;
    const kpl_user_record *user_record = aggregate->records[index];
    PyObject *partition_key = key_at(user_records->partition_keys, aggregate->partition_key_table,
                                     user_record->partition_key_index);
    if (partition_key == NULL ||
        PyDict_SetItem(kinesis, state->keys.partitionKey, partition_key) < 0) {
        return -1;
    }
    if (user_record->has_explicit_hash_key_index) {
        PyObject *explicit_hash_key =
            key_at(user_records->explicit_hash_keys, aggregate->explicit_hash_key_table,
                   user_record->explicit_hash_key_index);
        if (explicit_hash_key == NULL ||
            PyDict_SetItem(kinesis, state->keys.explicitHashKey, explicit_hash_key) < 0) {
            return -1;
        }
    }
    if (set_stolen(kinesis, state->keys.subSequenceNumber, PyLong_FromSize_t(index)) < 0) {
        return -1;
    }
    return set_stolen(kinesis, state->keys.data, base64_of(state, user_record->data));
}

PyObject *
deagg_user_records_get(deagg_state *state, deagg_user_records *user_records, size_t index)
{
    PyObject *record = NULL;
    PyObject *kinesis = PyDict_Copy(user_records->kinesis);
    if (kinesis == NULL) {
        return NULL;
    }
    if (fill_kinesis(state, user_records, index, kinesis) < 0) {
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

static void
clear_keys(PyObject ***keys, size_t count)
{
    PyObject **cleared = *keys;
    *keys = NULL;
    for (size_t i = 0; cleared != NULL && i < count; i++) {
        Py_XDECREF(cleared[i]);
    }
    PyMem_Free(cleared);
}

void
deagg_user_records_clear(deagg_user_records *user_records)
{
    if (user_records->aggregate != NULL) {
        clear_keys(&user_records->partition_keys, user_records->aggregate->n_partition_key_table);
        clear_keys(&user_records->explicit_hash_keys,
                   user_records->aggregate->n_explicit_hash_key_table);
        user_records->aggregate = NULL;
    }
    Py_CLEAR(user_records->kinesis);
    Py_CLEAR(user_records->record);
}
