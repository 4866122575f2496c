/* Hash keys of whole aggregates: see hash_key_range.h. */
#include "api/shard_filter.h"

/* Whether user record `index` shares its hash key with one before it. The str of a key is made
 * when a user record first needs it, so it is there already. */
static bool
is_known(const deagg_aggregate_keys *keys, size_t index)
{
    const kpl_user_record *user_record = keys->aggregate->records[index];
    if (user_record->has_explicit_hash_key_index) {
        return keys->explicit_hash_keys[user_record->explicit_hash_key_index] != NULL;
    }
    return keys->partition_keys[user_record->partition_key_index] != NULL;
}

/* The hash key of user record `index`. 0 with *status set, or -1 with MemoryError. */
static int
find_hash_key(deagg_aggregate_keys *keys, size_t index, kpl_status *status, kpl_hash_key *hash_key)
{
    const kpl_aggregate *aggregate = keys->aggregate;
    const kpl_user_record *user_record = aggregate->records[index];
    *status = KPL_OK;
    if (user_record->has_explicit_hash_key_index) {
        ProtobufCBinaryData text =
            aggregate->explicit_hash_key_table[user_record->explicit_hash_key_index];
        if (!kpl_hash_key_parse((kpl_bytes){text.data, text.len}, hash_key)) {
            *status = KPL_BAD_HASH_KEY;
        }
        return deagg_aggregate_keys_explicit_hash_key(keys, index) == NULL ? -1 : 0;
    }
    PyObject *partition_key = deagg_aggregate_keys_partition_key(keys, index);
    if (partition_key == NULL) {
        return -1;
    }
    Py_ssize_t size;
    const char *utf8 = PyUnicode_AsUTF8AndSize(partition_key, &size);
    if (utf8 == NULL) {
        return -1;
    }
    *hash_key = kpl_hash_key_of_partition_key((kpl_bytes){(const uint8_t *)utf8, (size_t)size});
    return 0;
}

int
deagg_hash_key_range_check(const deagg_options *options, deagg_aggregate_keys *keys,
                           kpl_status *status, bool *inside)
{
    *status = KPL_OK;
    *inside = true;
    for (size_t i = 0; i < keys->aggregate->n_records; i++) {
        kpl_hash_key hash_key;
        if (is_known(keys, i)) {
            continue;
        }
        if (find_hash_key(keys, i, status, &hash_key) < 0) {
            return -1;
        }
        if (*status != KPL_OK) {
            return 0;
        }
        if (kpl_hash_key_compare(&hash_key, &options->first_hash_key) < 0 ||
            kpl_hash_key_compare(&hash_key, &options->last_hash_key) > 0) {
            *inside = false;
        }
    }
    return 0;
}
