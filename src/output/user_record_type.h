/* UserRecord: a named tuple, the type of the user records that unpack() returns. */
#ifndef DEAGG_USER_RECORD_TYPE_H
#define DEAGG_USER_RECORD_TYPE_H

#include "base/compat.h"

/* A new reference to the type; NULL with an exception. */
PyObject *
deagg_user_record_new_type(PyObject *module);

/* A new UserRecord with these values; NULL with MemoryError. */
PyObject *
deagg_user_record_new(PyTypeObject *type, PyObject *partition_key, PyObject *explicit_hash_key,
                      PyObject *data, PyObject *tags);

#endif
