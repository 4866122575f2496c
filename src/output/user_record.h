/* UserRecord: a named tuple, one user record of a payload that was unpacked. */
#ifndef DEAGG_UNPACKED_RECORD_H
#define DEAGG_UNPACKED_RECORD_H

#include "base/compat.h"

/* A new reference to the type; NULL on error. */
PyObject *
deagg_unpacked_record_new_type(PyObject *module);

/* A new UserRecord of `partition_key` and `explicit_hash_key`, to which it takes references of its
 * own, and `data` and `tags`, whose references it takes over in any case; either may be NULL after
 * an error. NULL on error. */
PyObject *
deagg_unpacked_record_new(PyTypeObject *type, PyObject *partition_key, PyObject *explicit_hash_key,
                          PyObject *data, PyObject *tags);

#endif
