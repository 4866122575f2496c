/* A Kinesis record as its source delivers it: which source is it from, where is the payload? */
#ifndef DEAGG_SOURCE_H
#define DEAGG_SOURCE_H

#include "base/state.h"

#include <stdbool.h>

typedef enum {
    DEAGG_UNKNOWN_SOURCE,
    DEAGG_LAMBDA,    /* a Lambda event's record */
    DEAGG_BOTO3,     /* of get_records or subscribe_to_shard */
    DEAGG_FIREHOSE,  /* of a Firehose transformation whose source is a Kinesis stream */
    DEAGG_ANALYTICS, /* of a Kinesis Data Analytics preprocessing function */
    DEAGG_PIPES,     /* of an EventBridge pipe */
} deagg_source;

typedef struct {
    deagg_source source;
    PyObject *record;   /* strong: the Kinesis record, any mapping */
    PyObject *metadata; /* strong: the mapping under deagg_source_metadata_key; for boto3 and Pipes
                           the record */
    PyObject *payload;  /* strong: what should be str or bytes-like, which payload.h checks */
} deagg_kinesis_record;

/* Whether `record`, a mapping, is a Kinesis record of a known source: 1 or 0, or -1 with what it
 * raises. */
int
deagg_source_is_known(deagg_state *state, PyObject *record);

/* Reads `record` into *kinesis_record, whose fields are set only on success. 0, or -1 with
 * TypeError for what is no mapping, KeyError for a record of no known source or without payload,
 * or what a mapping raises. */
int
deagg_source_read(deagg_state *state, PyObject *record, deagg_kinesis_record *kinesis_record);

/* The key under which records from `source`, but for boto3 and Pipes, have their metadata: a
 * borrowed reference. */
PyObject *
deagg_source_metadata_key(deagg_state *state, deagg_source source);

/* Whether the payload of a record from `source` is base64 text, and not the bytes themselves. */
bool
deagg_source_sends_text(deagg_source source, PyObject *payload);

/* The payload of `record` and its source, if finding them asks exact dicts only, so that no code
 * runs but dict's own and that of foreign keys whose hash is the same: a new reference, or NULL,
 * with an exception only where such code raised what is no Exception (KeyboardInterrupt). */
PyObject *
deagg_source_peek(deagg_state *state, PyObject *record, deagg_source *source);

/* The list or tuple of Kinesis records inside `event`, a mapping that is a whole event or
 * response: 0 with a new reference in *records, which is NULL where there is none; or -1 with what
 * the mapping raises. */
int
deagg_source_records_of(deagg_state *state, PyObject *event, PyObject **records);

/* Drops the references; harmless on an empty or cleared one. */
void
deagg_source_clear(deagg_kinesis_record *kinesis_record);

#endif
