/* The iterator over user records, and the list that drains it. */
#ifndef DEAGG_CURSOR_H
#define DEAGG_CURSOR_H

#include "api/options.h"

/* The iterator's type, for PyType_FromModuleAndSpec. */
extern PyType_Spec deagg_cursor_spec;

/* A new iterator over the user records of `records`, which is not looked at yet. `options` is
 * copied. NULL with MemoryError. */
PyObject *
deagg_cursor_new(deagg_state *state, PyObject *records, const deagg_options *options);

/* A new list of all that is left in `iterator`, which is finished then; NULL with the exception
 * that ended it. */
PyObject *
deagg_cursor_drain(PyObject *iterator);

#endif
