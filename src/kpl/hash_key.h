/* Hash keys: a user record's place among Kinesis' 2**128 hash keys, which decides its shard. */
#ifndef KPL_HASH_KEY_H
#define KPL_HASH_KEY_H

#include "kpl/bytes.h"

#include <stdbool.h>

typedef struct {
    uint8_t bytes[16]; /* big-endian */
} kpl_hash_key;

/* Parses an explicit hash key: one or more decimal digits, a number below 2**128. Returns whether
 * `text` is one; otherwise *hash_key is not set. */
bool
kpl_hash_key_parse(kpl_bytes text, kpl_hash_key *hash_key);

/* The hash key of a user record without an explicit one: the MD5 of its partition key in UTF-8.
 * Source: the Kinesis Data Streams API reference, PutRecord. */
kpl_hash_key
kpl_hash_key_of_partition_key(kpl_bytes partition_key);

/* Returns less than, equal to or greater than 0, as `a` is to `b`. */
int
kpl_hash_key_compare(const kpl_hash_key *a, const kpl_hash_key *b);

#endif
