/* One user record to pack, as Python gives it: a UserRecord, or a tuple or list (partition_key,
 * explicit_hash_key, data[, tags]). */
#ifndef DEAGG_PACKED_ITEM_H
#define DEAGG_PACKED_ITEM_H

#include "base/compat.h"
#include "kpl/bytes.h"

/* Owns its references. An empty one has only NULL. */
typedef struct {
    PyObject *partition_key;     /* exact str with UTF-8 */
    PyObject *explicit_hash_key; /* exact str of decimal digits, or NULL */
    PyObject *data;              /* bytes */
    PyObject *tags;              /* bytes, the fields of the tags; or NULL if there are none */
} deagg_packed_item;

/* Releases the references. Safe on an empty item. */
void
deagg_packed_item_clear(deagg_packed_item *item);

/* Reads `user_record` into an empty item. 0, or -1 with TypeError, ValueError or whatever user
 * code raised, and the item partly filled. */
int
deagg_packed_item_parse(deagg_packed_item *item, PyObject *user_record);

/* A new bytes object: the 16 bytes of the hash key of a user record with these keys, of which the
 * second may be None. NULL with TypeError, ValueError or MemoryError. */
PyObject *
deagg_packed_hash_key(PyObject *partition_key, PyObject *explicit_hash_key);

/* The UTF-8 of an exact str that has some, borrowed from it. */
kpl_bytes
deagg_packed_text(PyObject *text);

/* The content of a bytes object, borrowed; empty for NULL. */
kpl_bytes
deagg_packed_bytes(PyObject *bytes);

#endif
