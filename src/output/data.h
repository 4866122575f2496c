/* The data of a record as a Python object. */
#ifndef DEAGG_DATA_H
#define DEAGG_DATA_H

#include "base/state.h"
#include "kpl/bytes.h"

/* A new str, the base64 of `bytes` (RFC 4648 section 4); NULL with MemoryError. */
PyObject *
deagg_data_text(deagg_state *state, kpl_bytes bytes);

/* A new bytes object; NULL with MemoryError. */
PyObject *
deagg_data_bytes(kpl_bytes bytes);

#endif
