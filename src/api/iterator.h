/* The type UserRecordIterator. */
#ifndef DEAGG_ITERATOR_H
#define DEAGG_ITERATOR_H

#include "api/options.h"

/* For PyType_FromModuleAndSpec. */
extern PyType_Spec deagg_iterator_spec;

/* A new iterator over the results for `records`, which is not looked at yet. `options` is copied.
 * NULL with MemoryError. */
PyObject *
deagg_iterator_new(deagg_state *state, PyObject *records, const deagg_options *options);

#endif
