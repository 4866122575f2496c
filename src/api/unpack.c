/* Payloads without a record around them: see unpack.h. */
#include "api/unpack.h"

#include "output/keys.h"
#include "output/errors.h"
#include "input/payload.h"
#include "input/decoder.h"
#include "output/user_record.h"

int
deagg_is_aggregated(deagg_state *state, PyObject *payload)
{
    deagg_scratch scratch = {0};
    kpl_status status;
    kpl_bytes message;
    int opened = deagg_payload_open(state, payload, false, true, &scratch, &status, &message);
    deagg_scratch_release(&scratch);
    return opened < 0 ? -1 : status == KPL_OK;
}

/* A new tuple (key, value), value None where the tag has none; NULL with MemoryError. */
static PyObject *
tag_pair(const Kpl__Tag *tag)
{
    PyObject *key = deagg_aggregate_keys_str(tag->key);
    if (key == NULL) {
        return NULL;
    }
    PyObject *value = tag->has_value ? deagg_aggregate_keys_str(tag->value) : Py_NewRef(Py_None);
    PyObject *pair = value == NULL ? NULL : PyTuple_Pack(2, key, value);
    Py_DECREF(key);
    Py_XDECREF(value);
    return pair;
}

/* A new tuple of the pairs of all tags; NULL with MemoryError. */
static PyObject *
tag_pairs(const kpl_user_record *user_record)
{
    PyObject *tags = PyTuple_New((Py_ssize_t)user_record->n_tags);
    for (size_t i = 0; tags != NULL && i < user_record->n_tags; i++) {
        PyObject *pair = tag_pair(user_record->tags[i]);
        if (pair == NULL) {
            Py_CLEAR(tags);
        }
        else {
            PyTuple_SET_ITEM(tags, (Py_ssize_t)i, pair);
        }
    }
    return tags;
}

/* User record `index` as a new UserRecord; NULL with MemoryError. */
static PyObject *
unpack_one(deagg_state *state, deagg_aggregate_keys *keys, size_t index)
{
    const kpl_user_record *user_record = keys->aggregate->records[index];
    PyObject *partition_key = deagg_aggregate_keys_partition_key(keys, index);
    PyObject *explicit_hash_key = deagg_aggregate_keys_explicit_hash_key(keys, index);
    if (partition_key == NULL || explicit_hash_key == NULL) {
        return NULL;
    }
    PyObject *data = PyBytes_FromStringAndSize((const char *)user_record->data.data,
                                               (Py_ssize_t)user_record->data.len);
    PyObject *tags = data == NULL ? NULL : tag_pairs(user_record);
    return deagg_unpacked_record_new(state->user_record_type, partition_key, explicit_hash_key,
                                     data, tags);
}

/* A new list of all user records of `aggregate`; NULL with MemoryError. */
static PyObject *
unpack_all(deagg_state *state, const kpl_aggregate *aggregate)
{
    deagg_aggregate_keys keys = {0};
    if (deagg_aggregate_keys_begin(&keys, aggregate) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New((Py_ssize_t)aggregate->n_records);
    bool was_enabled = deagg_collector_hold_off();
    for (size_t i = 0; list != NULL && i < aggregate->n_records; i++) {
        PyObject *user_record = unpack_one(state, &keys, i);
        if (user_record == NULL) {
            Py_CLEAR(list);
        }
        else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, user_record);
        }
    }
    deagg_collector_resume(was_enabled);
    deagg_aggregate_keys_clear(&keys);
    return list;
}

PyObject *
deagg_unpack(deagg_state *state, PyObject *payload, bool verify)
{
    PyObject *list = NULL;
    deagg_scratch scratch = {0};
    kpl_arena arena = deagg_reader_new_arena();
    kpl_status status;
    kpl_bytes message;
    const kpl_aggregate *aggregate;
    if (deagg_payload_open(state, payload, false, verify, &scratch, &status, &message) < 0) {
        goto done;
    }
    if (status == KPL_OK) {
        status = deagg_reader_decode(message, verify, &arena, &aggregate);
    }
    if (status == KPL_OK) {
        list = unpack_all(state, aggregate);
    }
    else if (status == KPL_NO_MEMORY) {
        PyErr_NoMemory();
    }
    else {
        (void)deagg_damage_raise(state, Py_None, status);
    }
done:
    kpl_arena_release(&arena);
    deagg_scratch_release(&scratch);
    return list;
}
