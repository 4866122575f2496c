/* The keys of an aggregate's user records as str, each made once, when a user record first needs
 * it.
 */
#ifndef DEAGG_KEYS_H
#define DEAGG_KEYS_H

#include "base/state.h"
#include "kpl/message.h"

typedef struct {
    const kpl_aggregate *aggregate; /* borrowed; NULL if empty */
    PyObject **partition_keys;      /* strong, one per table entry, NULL until it is needed */
    PyObject **explicit_hash_keys;  /* the same */
} deagg_keys;

/* Prepares for the keys of `aggregate`. *keys is empty before. 0, or -1 with MemoryError and *keys
 * still empty. */
int
deagg_keys_init(deagg_keys *keys, const kpl_aggregate *aggregate);

/* The partition key of a user record: a borrowed reference to a str, or NULL with MemoryError. */
PyObject *
deagg_keys_partition_key(deagg_keys *keys, const kpl_user_record *user_record);

/* The same for the explicit hash key; None if the user record has none. */
PyObject *
deagg_keys_explicit_hash_key(deagg_keys *keys, const kpl_user_record *user_record);

/* A new str from the UTF-8 of a key or tag, with invalid bytes as U+FFFD; NULL with MemoryError.
 */
PyObject *
deagg_keys_decode_utf8(kpl_bytes utf8);

/* Drops all references. Safe if empty. */
void
deagg_keys_clear(deagg_keys *keys);

#endif
