/* The keys of an aggregate's user records as str, each made once, when a user record first needs
 * it. */
#ifndef DEAGG_AGGREGATE_KEYS_H
#define DEAGG_AGGREGATE_KEYS_H

#include "kpl/message.h"
#include "base/state.h"

typedef struct {
    const kpl_aggregate *aggregate; /* borrowed; NULL when there is none */
    PyObject **partition_keys;      /* strong, one per table entry, each NULL until it is used */
    PyObject **explicit_hash_keys;  /* the same */
} deagg_aggregate_keys;

/* Prepares for the keys of `aggregate`. *keys is empty before. 0, or -1 with MemoryError and *keys
 * still empty. */
int
deagg_aggregate_keys_begin(deagg_aggregate_keys *keys, const kpl_aggregate *aggregate);

/* The partition key of user record `index`: a borrowed reference to a str, or NULL with
 * MemoryError. */
PyObject *
deagg_aggregate_keys_partition_key(deagg_aggregate_keys *keys, size_t index);

/* The same of the explicit hash key; None where the user record has none. */
PyObject *
deagg_aggregate_keys_explicit_hash_key(deagg_aggregate_keys *keys, size_t index);

/* A new str from a key's or a tag's UTF-8, invalid bytes as U+FFFD; NULL with MemoryError. */
PyObject *
deagg_aggregate_keys_str(ProtobufCBinaryData utf8);

/* Drops all references; harmless on an empty one. */
void
deagg_aggregate_keys_clear(deagg_aggregate_keys *keys);

#endif
