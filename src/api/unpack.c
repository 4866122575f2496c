/* Bare payloads: see unpack.h. */
#include "api/unpack.h"

#include "input/extractor.h"
#include "input/payload.h"
#include "output/data.h"
#include "output/errors.h"
#include "output/keys.h"
#include "output/user_record_type.h"

int
deagg_is_aggregated(deagg_state *state, PyObject *payload)
{
    deagg_scratch scratch = {0};
    kpl_bytes message;
    kpl_status status =
        deagg_payload_find_message(state, payload, false, true, &scratch, &message);
    deagg_scratch_release(&scratch);
    return status == KPL_EXCEPTION ? -1 : status == KPL_OK;
}

/* A new tuple (key, value), with None if the tag has no value; NULL with MemoryError. */
static PyObject *
new_tag_pair(kpl_tag tag)
{
    PyObject *key = deagg_keys_decode_utf8(tag.key);
    if (key == NULL) {
        return NULL;
    }
    PyObject *value = tag.has_value ? deagg_keys_decode_utf8(tag.value) : Py_NewRef(Py_None);
    PyObject *pair = value == NULL ? NULL : PyTuple_Pack(2, key, value);
    Py_DECREF(key);
    Py_XDECREF(value);
    return pair;
}

/* A new tuple of the pairs of all tags of user record `index`; NULL with MemoryError. */
static PyObject *
new_tags(const kpl_aggregate *aggregate, size_t index, size_t tag_count)
{
    PyObject *tags = PyTuple_New((Py_ssize_t)tag_count);
    for (size_t i = 0; tags != NULL && i < tag_count; i++) {
        PyObject *pair = new_tag_pair(kpl_aggregate_tag(aggregate, index, i));
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
new_user_record(deagg_state *state, deagg_keys *keys, size_t index)
{
    kpl_user_record user_record = kpl_aggregate_user_record(keys->aggregate, index);
    PyObject *partition_key = deagg_keys_partition_key(keys, &user_record);
    PyObject *explicit_hash_key = deagg_keys_explicit_hash_key(keys, &user_record);
    if (partition_key == NULL || explicit_hash_key == NULL) {
        return NULL;
    }
    PyObject *data = deagg_data_bytes(user_record.data);
    PyObject *tags = new_tags(keys->aggregate, index, user_record.tag_count);
    PyObject *record = NULL;
    if (data != NULL && tags != NULL) {
        record = deagg_user_record_new(state->user_record_type, partition_key, explicit_hash_key,
                                       data, tags);
    }
    Py_XDECREF(data);
    Py_XDECREF(tags);
    return record;
}

/* A new list of all user records of `aggregate`; NULL with MemoryError. */
static PyObject *
new_user_records(deagg_state *state, const kpl_aggregate *aggregate)
{
    deagg_keys keys = {0};
    if (deagg_keys_init(&keys, aggregate) < 0) {
        return NULL;
    }
    size_t count = kpl_aggregate_user_record_count(aggregate);
    PyObject *list = PyList_New((Py_ssize_t)count);
    bool was_enabled = deagg_collector_pause();
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *user_record = new_user_record(state, &keys, i);
        if (user_record == NULL) {
            Py_CLEAR(list);
        }
        else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, user_record);
        }
    }
    deagg_collector_resume(was_enabled);
    deagg_keys_clear(&keys);
    return list;
}

PyObject *
deagg_unpack(deagg_state *state, PyObject *payload, bool verify)
{
    PyObject *list = NULL;
    deagg_scratch scratch = {0};
    kpl_arena arena = deagg_arena_new();
    kpl_bytes message;
    const kpl_aggregate *aggregate;
    kpl_status status =
        deagg_payload_find_message(state, payload, false, verify, &scratch, &message);
    if (status == KPL_OK) {
        status = deagg_message_unpack(message, verify, &arena, &aggregate);
    }
    if (status == KPL_OK) {
        list = new_user_records(state, aggregate);
    }
    else if (status != KPL_EXCEPTION) {
        deagg_errors_set(state, Py_None, status);
    }
    kpl_arena_release(&arena);
    deagg_scratch_release(&scratch);
    return list;
}
