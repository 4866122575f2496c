/* A Kinesis record from one of the known sources: which source it is from, and where its payload
 * is.
 */
#ifndef DEAGG_SOURCE_H
#define DEAGG_SOURCE_H

#include "base/state.h"

typedef enum {
    DEAGG_UNKNOWN_SOURCE,
    DEAGG_LAMBDA,    /* a Lambda event */
    DEAGG_BOTO3,     /* boto3's get_records or subscribe_to_shard */
    DEAGG_FIREHOSE,  /* a Firehose transformation whose source is a Kinesis stream */
    DEAGG_ANALYTICS, /* a Kinesis Data Analytics preprocessing function */
    DEAGG_PIPES,     /* an EventBridge pipe */
} deagg_source;

typedef struct {
    deagg_source source;
    PyObject *record;   /* strong: the Kinesis record, any mapping */
    PyObject *metadata; /* strong: the mapping under deagg_source_metadata_key; the record itself
                           for boto3 and Pipes */
    PyObject *payload;  /* strong: any object; payload.h checks its type */
    bool is_text;       /* whether the payload is base64 text, not the bytes themselves */
} deagg_kinesis_record;

/* Whether `record`, a mapping, is a Kinesis record from a known source: 1 or 0, or -1 with the
 * mapping's exception. */
int
deagg_source_is_known(deagg_state *state, PyObject *record);

/* Reads `record`. 0 with *kinesis_record set, or -1 with TypeError if it is not a mapping,
 * KeyError if its source is unknown or its payload is missing, or a mapping's exception. */
int
deagg_source_read(deagg_state *state, PyObject *record, deagg_kinesis_record *kinesis_record);

/* The key of the metadata in records from Lambda, Firehose and Analytics: a borrowed reference. */
PyObject *
deagg_source_metadata_key(deagg_state *state, deagg_source source);

/* Finds the payload of `record` if that takes only look-ups in exact dicts, which run no user code
 * except the comparison of user-defined keys with an equal hash. 1 with a new reference in
 * *payload and with *is_text, 0 if there is none, or -1 if such code raised something that is not
 * an Exception (KeyboardInterrupt). */
int
deagg_source_find_payload(deagg_state *state, PyObject *record, PyObject **payload, bool *is_text);

/* Finds the list or tuple of Kinesis records in `event`, a mapping that may be a whole event or
 * response. 1 with a new reference in *records, 0 with NULL if there is none, or -1 with NULL and
 * the mapping's exception. */
int
deagg_source_find_records(deagg_state *state, PyObject *event, PyObject **records);

/* Drops the references. */
void
deagg_source_clear(deagg_kinesis_record *kinesis_record);

#endif
