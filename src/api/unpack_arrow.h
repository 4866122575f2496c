/* Many bare payloads at once, to columns. */
#ifndef DEAGG_UNPACK_ARROW_H
#define DEAGG_UNPACK_ARROW_H

#include "base/state.h"

/* A new UserRecordBatches with the user records of all payloads: a sequence of bytes-like objects
 * and None, or a column as deagg_arrow_append takes it. NULL with an exception: TypeError for any
 * other object, or as deagg_arrow_append. */
PyObject *
deagg_unpack_arrow(deagg_state *state, PyObject *payloads, bool verify);

#endif
