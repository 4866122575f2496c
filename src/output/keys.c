/* Keys as str: see aggregate_keys.h. */
#include "output/keys.h"

int
deagg_aggregate_keys_begin(deagg_aggregate_keys *keys, const kpl_aggregate *aggregate)
{
    PyObject **partition_keys = PyMem_Calloc(aggregate->n_partition_key_table, sizeof(PyObject *));
    PyObject **explicit_hash_keys =
        PyMem_Calloc(aggregate->n_explicit_hash_key_table, sizeof(PyObject *));
    if (partition_keys == NULL || explicit_hash_keys == NULL) {
        PyMem_Free(partition_keys);
        PyMem_Free(explicit_hash_keys);
        PyErr_NoMemory();
        return -1;
    }
    *keys = (deagg_aggregate_keys){aggregate, partition_keys, explicit_hash_keys};
    return 0;
}

PyObject *
deagg_aggregate_keys_str(ProtobufCBinaryData utf8)
{
    return PyUnicode_DecodeUTF8((const char *)utf8.data, (Py_ssize_t)utf8.len, "replace");
}

/* The str of a table entry: a borrowed reference, or NULL with MemoryError. */
static PyObject *
key_at(PyObject **keys, const ProtobufCBinaryData *table, uint64_t index)
{
    if (keys[index] == NULL) {
        keys[index] = deagg_aggregate_keys_str(table[index]);
    }
    return keys[index];
}

PyObject *
deagg_aggregate_keys_partition_key(deagg_aggregate_keys *keys, size_t index)
{
    const kpl_aggregate *aggregate = keys->aggregate;
    return key_at(keys->partition_keys, aggregate->partition_key_table,
                  aggregate->records[index]->partition_key_index);
}

PyObject *
deagg_aggregate_keys_explicit_hash_key(deagg_aggregate_keys *keys, size_t index)
{
    const kpl_aggregate *aggregate = keys->aggregate;
    const kpl_user_record *user_record = aggregate->records[index];
    if (!user_record->has_explicit_hash_key_index) {
        return Py_None;
    }
    return key_at(keys->explicit_hash_keys, aggregate->explicit_hash_key_table,
                  user_record->explicit_hash_key_index);
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
deagg_aggregate_keys_clear(deagg_aggregate_keys *keys)
{
    deagg_aggregate_keys cleared = *keys;
    *keys = (deagg_aggregate_keys){NULL, NULL, NULL};
    if (cleared.aggregate != NULL) {
        clear_table(cleared.partition_keys, cleared.aggregate->n_partition_key_table);
        clear_table(cleared.explicit_hash_keys, cleared.aggregate->n_explicit_hash_key_table);
    }
}
