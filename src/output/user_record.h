/* UserRecord: a named tuple, the type of the user records that unpack() returns. */
#ifndef DEAGG_USER_RECORD_H
#define DEAGG_USER_RECORD_H

#include "base/compat.h"

/* A new reference to the type; NULL with an exception. */
PyObject *
deagg_user_record_new_type(PyObject *module);

/* A new UserRecord; NULL with an exception. Borrows `partition_key` and `explicit_hash_key`.
 * Steals `data` and `tags` in any case; either may be NULL after an error. */
PyObject *
deagg_user_record_new(PyTypeObject *type, PyObject *partition_key, PyObject *explicit_hash_key,
                      PyObject *data, PyObject *tags);

#endif
