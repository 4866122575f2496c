/* The functions for payloads without a record around them. */
#ifndef DEAGG_UNPACK_H
#define DEAGG_UNPACK_H

#include "base/state.h"

/* 1 if `payload`, a bytes-like object, has the magic, length and digest of an aggregate; 0 if not;
 * or -1 with TypeError or MemoryError. */
int
deagg_is_aggregated(deagg_state *state, PyObject *payload);

/* A new list of the UserRecords in `payload`, a bytes-like object. The digest is checked only if
 * `verify`. NULL with AggregateError, TypeError or MemoryError. */
PyObject *
deagg_unpack(deagg_state *state, PyObject *payload, bool verify);

#endif
