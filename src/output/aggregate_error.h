/* AggregateError: what a damaged aggregate raises where somebody asked for exceptions. */
#ifndef DEAGG_AGGREGATE_ERROR_H
#define DEAGG_AGGREGATE_ERROR_H

#include "base/compat.h"

/* A new reference to the exception's type, a subclass of ValueError; NULL on error. */
PyObject *
deagg_aggregate_error_new_type(PyObject *module);

#endif
