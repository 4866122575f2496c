/* The options of deaggregate_records() and iter_deaggregate_records(). */
#ifndef DEAGG_OPTIONS_H
#define DEAGG_OPTIONS_H

#include "kpl/hash_key.h"
#include "base/state.h"

typedef struct {
    bool decode;                 /* data is bytes, not base64 in a str */
    bool strict;                 /* a damaged aggregate raises AggregateError */
    bool verify;                 /* the digest is checked */
    bool has_hash_key_range;     /* aggregates outside the range are dropped */
    kpl_hash_key first_hash_key; /* inclusive */
    kpl_hash_key last_hash_key;  /* inclusive */
} deagg_options;

/* Parses the arguments of either function. 0 with a new reference in *records and with *options,
 * or -1 with TypeError, ValueError, MemoryError or the exception of an option's truth. `format` is
 * "O|O$OOOO:" and the function's name, for PyArg_ParseTupleAndKeywords. */
int
deagg_options_parse(PyObject *args, PyObject *kwargs, const char *format, PyObject **records,
                    deagg_options *options);

#endif
