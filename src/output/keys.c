/* Keys as str: see keys.h. */
#include "output/keys.h"

int
deagg_keys_init(deagg_keys *keys, const kpl_aggregate *aggregate)
{
    PyObject **partition_keys =
        PyMem_Calloc(kpl_aggregate_partition_key_count(aggregate), sizeof(PyObject *));
    PyObject **explicit_hash_keys =
        PyMem_Calloc(kpl_aggregate_explicit_hash_key_count(aggregate), sizeof(PyObject *));
    if (partition_keys == NULL || explicit_hash_keys == NULL) {
        PyMem_Free(partition_keys);
        PyMem_Free(explicit_hash_keys);
        PyErr_NoMemory();
        return -1;
    }
    *keys = (deagg_keys){aggregate, partition_keys, explicit_hash_keys};
    return 0;
}

PyObject *
deagg_keys_str(kpl_bytes utf8)
{
    return PyUnicode_DecodeUTF8((const char *)utf8.data, (Py_ssize_t)utf8.size, "replace");
}

PyObject *
deagg_keys_partition_key(deagg_keys *keys, const kpl_user_record *user_record)
{
    assert(user_record->partition_key < kpl_aggregate_partition_key_count(keys->aggregate));
    PyObject **key = &keys->partition_keys[user_record->partition_key];
    if (*key == NULL) {
        *key = deagg_keys_str(
            kpl_aggregate_partition_key(keys->aggregate, user_record->partition_key));
    }
    return *key;
}

PyObject *
deagg_keys_explicit_hash_key(deagg_keys *keys, const kpl_user_record *user_record)
{
    if (!user_record->has_explicit_hash_key) {
        return Py_None;
    }
    assert(user_record->explicit_hash_key <
           kpl_aggregate_explicit_hash_key_count(keys->aggregate));
    PyObject **key = &keys->explicit_hash_keys[user_record->explicit_hash_key];
    if (*key == NULL) {
        *key = deagg_keys_str(
            kpl_aggregate_explicit_hash_key(keys->aggregate, user_record->explicit_hash_key));
    }
    return *key;
}

static void
clear_table(PyObject **table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Py_XDECREF(table[i]);
    }
    PyMem_Free(table);
}

void
deagg_keys_clear(deagg_keys *keys)
{
    deagg_keys cleared = *keys;
    *keys = (deagg_keys){NULL, NULL, NULL};
    if (cleared.aggregate != NULL) {
        clear_table(cleared.partition_keys, kpl_aggregate_partition_key_count(cleared.aggregate));
        clear_table(cleared.explicit_hash_keys,
                    kpl_aggregate_explicit_hash_key_count(cleared.aggregate));
    }
}
