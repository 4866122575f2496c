/* The dicts of user records: see user_record_dicts.h.
 *
 * The two dicts of a user record differ from those of its neighbours in only a few values. So each
 * is a copy of a template, which CPython makes in one piece, with those values replaced. */
#include "output/user_record_dicts.h"

#include "base/mapping.h"
#include "output/data.h"
#include "output/prototypes.h"

/* Copies kinesis[key] to `dict` if it is there. 0, or -1 with an exception. */
static int
copy_item(PyObject *dict, PyObject *kinesis, PyObject *key)
{
    return deagg_mapping_copy_as(dict, key, kinesis, key);
}

/* A new dict with the keys of a user record's 'kinesis' in their documented order; NULL with an
 * exception. */
static PyObject *
new_kinesis_template(deagg_state *state, PyObject *kinesis)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    if (copy_item(dict, kinesis, state->names.kinesisSchemaVersion) < 0 ||
        copy_item(dict, kinesis, state->names.sequenceNumber) < 0 ||
        copy_item(dict, kinesis, state->names.approximateArrivalTimestamp) < 0 ||
        PyDict_SetItem(dict, state->names.explicitHashKey, Py_None) < 0 ||
        PyDict_SetItem(dict, state->names.partitionKey, Py_None) < 0 ||
        PyDict_SetItem(dict, state->names.subSequenceNumber, Py_None) < 0 ||
        PyDict_SetItem(dict, state->names.aggregated, Py_True) < 0 ||
        PyDict_SetItem(dict, state->names.data, Py_None) < 0 ||
        deagg_mapping_copy_missing(dict, kinesis) < 0) {
        Py_DECREF(dict);
        return NULL;
    }
    return dict;
}

/* A new dict with 'kinesis' first, then the other keys of the Kinesis record; NULL with an
 * exception. */
static PyObject *
new_record_template(deagg_state *state, PyObject *record)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    if (PyDict_SetItem(dict, state->names.kinesis, Py_None) < 0 ||
        deagg_mapping_copy_missing(dict, record) < 0) {
        Py_DECREF(dict);
        return NULL;
    }
    return dict;
}

int
deagg_record_templates_init(deagg_record_templates *templates, deagg_state *state,
                            PyObject *record, PyObject *kinesis, bool share_keys,
                            const kpl_aggregate *aggregate)
{
    deagg_record_templates prepared = {0};
    prepared.kinesis = deagg_prototypes_template(&state->kinesis_prototypes, state, kinesis,
                                                 share_keys, new_kinesis_template);
    if (prepared.kinesis == NULL) {
        goto error;
    }
    prepared.record = deagg_prototypes_template(&state->record_prototypes, state, record,
                                                share_keys, new_record_template);
    if (prepared.record == NULL) {
        goto error;
    }
    if (deagg_keys_init(&prepared.keys, aggregate) < 0) {
        goto error;
    }
    *templates = prepared;
    return 0;

error:
    deagg_record_templates_clear(&prepared);
    return -1;
}

/* Sets dict[key] = value. Steals the reference to `value`, which may be NULL after an error. 0, or
 * -1 with an exception. */
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

/* Sets dict[key] = value, borrowed, which may be NULL after an error. 0, or -1 with an exception.
 */
static int
set_borrowed(PyObject *dict, PyObject *key, PyObject *value)
{
    return value == NULL ? -1 : PyDict_SetItem(dict, key, value);
}

/* Sets the user record's own values in its 'kinesis'. 0, or -1 with an exception. */
static int
set_own_values(deagg_record_templates *templates, deagg_state *state, bool decode, size_t index,
               PyObject *kinesis)
{
    kpl_user_record user_record = kpl_aggregate_user_record(templates->keys.aggregate, index);
    if (user_record.has_explicit_hash_key &&
        set_borrowed(kinesis, state->names.explicitHashKey,
                     deagg_keys_explicit_hash_key(&templates->keys, &user_record)) < 0) {
        return -1;
    }
    if (set_borrowed(kinesis, state->names.partitionKey,
                     deagg_keys_partition_key(&templates->keys, &user_record)) < 0) {
        return -1;
    }
    if (set_stolen(kinesis, state->names.subSequenceNumber, PyLong_FromSize_t(index)) < 0) {
        return -1;
    }
    return set_stolen(kinesis, state->names.data,
                      decode ? deagg_data_bytes(user_record.data)
                             : deagg_data_base64(state, user_record.data));
}

PyObject *
deagg_record_dict_new(deagg_record_templates *templates, deagg_state *state, bool decode,
                      size_t index)
{
    PyObject *record = NULL;
    PyObject *kinesis = PyDict_Copy(templates->kinesis);
    if (kinesis == NULL) {
        return NULL;
    }
    if (set_own_values(templates, state, decode, index, kinesis) < 0) {
        goto error;
    }
    record = PyDict_Copy(templates->record);
    if (record == NULL) {
        goto error;
    }
    if (PyDict_SetItem(record, state->names.kinesis, kinesis) < 0) {
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
deagg_record_templates_clear(deagg_record_templates *templates)
{
    deagg_keys_clear(&templates->keys);
    Py_CLEAR(templates->kinesis);
    Py_CLEAR(templates->record);
}
