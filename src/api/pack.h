/* Packing user records into a payload. */
#ifndef DEAGG_PACK_H
#define DEAGG_PACK_H

#include "base/state.h"

/* A new bytes object: the payload of the user records in the iterable `user_records`, of which
 * there is at least one. NULL with TypeError, ValueError, MemoryError or what the iterable raised.
 */
PyObject *
deagg_pack(deagg_state *state, PyObject *user_records);

/* A new tuple: the payload of as many of the first user records as fit into `most` bytes, and
 * their number. If none does, the payload is empty. NULL with an exception as above. */
PyObject *
deagg_pack_prefix(PyObject *user_records, size_t most);

#endif
