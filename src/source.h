/* A Kinesis record as its source delivers it: where the payload is and where the metadata. */
#ifndef DEAGG_SOURCE_H
#define DEAGG_SOURCE_H

#include "state.h"

typedef struct {
    PyObject *record;  /* strong: the Kinesis record as it came */
    PyObject *kinesis; /* strong: a mapping, the record's metadata */
    PyObject
        *payload; /* strong: the payload's base64 as str or bytes-like, type not yet checked */
} deagg_kinesis_record;

/* Reads `record` into *kinesis_record, whose fields are set only on success. 0, or -1 with
 * TypeError for what is no mapping, KeyError for a key that is missing, or what a mapping's own
 * methods raise. */
int
deagg_source_read(deagg_state *state, PyObject *record, deagg_kinesis_record *kinesis_record);

/* The payload of `record` if finding it runs no code but dict's own, that is, in exact dicts: a
 * new reference, or NULL without an exception. */
PyObject *
deagg_source_peek(deagg_state *state, PyObject *record);

/* Drops the references; harmless on an empty or cleared one. */
void
deagg_source_clear(deagg_kinesis_record *kinesis_record);

#endif
