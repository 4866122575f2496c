/* Hash keys of whole aggregates: see shard_filter.h. */
#include "api/shard_filter.h"

/* The hash key of a user record with an explicit one: KPL_OK or KPL_BAD_HASH_KEY. */
static kpl_status
parse_explicit_hash_key(const kpl_aggregate *aggregate, const kpl_user_record *user_record,
                        kpl_hash_key *hash_key)
{
    kpl_bytes text = kpl_aggregate_explicit_hash_key(aggregate, user_record->explicit_hash_key);
    return kpl_hash_key_parse(text, hash_key) ? KPL_OK : KPL_BAD_HASH_KEY;
}

/* The hash key of a user record without an explicit one: KPL_OK, or KPL_EXCEPTION with
 * MemoryError. Invalid UTF-8 is hashed as in the str that users get. */
static kpl_status
hash_partition_key(deagg_keys *keys, const kpl_user_record *user_record, kpl_hash_key *hash_key)
{
    PyObject *partition_key = deagg_keys_partition_key(keys, user_record);
    if (partition_key == NULL) {
        return KPL_EXCEPTION;
    }
    Py_ssize_t size;
    const char *utf8 = PyUnicode_AsUTF8AndSize(partition_key, &size);
    if (utf8 == NULL) {
        return KPL_EXCEPTION;
    }
    *hash_key = kpl_hash_key_of_partition_key((kpl_bytes){(const uint8_t *)utf8, (size_t)size});
    return KPL_OK;
}

/* deagg_shard_filter_check with a mark per table entry: the explicit hash keys first, then the
 * partition keys. An entry is marked once its hash key was checked. */
static kpl_status
check_all(const deagg_options *options, deagg_keys *keys, bool *marks, bool *inside)
{
    const kpl_aggregate *aggregate = keys->aggregate;
    bool *partition_key_marks = marks + kpl_aggregate_explicit_hash_key_count(aggregate);
    *inside = true;
    for (size_t i = 0; i < kpl_aggregate_user_record_count(aggregate); i++) {
        kpl_user_record user_record = kpl_aggregate_user_record(aggregate, i);
        bool *mark = user_record.has_explicit_hash_key
                         ? &marks[user_record.explicit_hash_key]
                         : &partition_key_marks[user_record.partition_key];
        if (*mark) {
            continue;
        }
        kpl_hash_key hash_key;
        kpl_status status = user_record.has_explicit_hash_key
                                ? parse_explicit_hash_key(aggregate, &user_record, &hash_key)
                                : hash_partition_key(keys, &user_record, &hash_key);
        if (status != KPL_OK) {
            return status;
        }
        if (kpl_hash_key_compare(&hash_key, &options->first_hash_key) < 0 ||
            kpl_hash_key_compare(&hash_key, &options->last_hash_key) > 0) {
            *inside = false;
        }
        *mark = true;
    }
    return KPL_OK;
}

kpl_status
deagg_shard_filter_check(const deagg_options *options, deagg_keys *keys, bool *inside)
{
    bool *marks = PyMem_Calloc(kpl_aggregate_explicit_hash_key_count(keys->aggregate) +
                                   kpl_aggregate_partition_key_count(keys->aggregate),
                               sizeof *marks);
    if (marks == NULL) {
        PyErr_NoMemory();
        return KPL_EXCEPTION;
    }
    kpl_status status = check_all(options, keys, marks, inside);
    PyMem_Free(marks);
    return status;
}
