/* UserRecordIterator, and the list of all its results. */
#ifndef DEAGG_ITERATOR_H
#define DEAGG_ITERATOR_H

#include "api/options.h"

/* The iterator's type, for PyType_FromModuleAndSpec. */
extern PyType_Spec deagg_iterator_spec;

/* A new iterator over the user records in `records`, which is not looked at yet. `options` is
 * copied. NULL with MemoryError. */
PyObject *
deagg_iterator_new(deagg_state *state, PyObject *records, const deagg_options *options);

/* A new list of all remaining results of `iterator`, which is then finished; or NULL with an
 * exception. */
PyObject *
deagg_iterator_to_list(PyObject *iterator);

#endif
