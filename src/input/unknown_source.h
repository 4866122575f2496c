/* The KeyError for a record from an unknown source. */
#ifndef DEAGG_UNKNOWN_SOURCE_H
#define DEAGG_UNKNOWN_SOURCE_H

#include "base/compat.h"

/* Raises KeyError that names record number `index`, its keys and the keys of the known sources,
 * with a hint if the record looks like something familiar; or the exception of the mapping's own
 * code. */
void
deagg_unknown_source_raise(PyObject *record, Py_ssize_t index);

#endif
