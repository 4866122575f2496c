/* A Kinesis record: its source, its metadata and its payload.
 *
 * input/lambda_shape then replaces `record` and `metadata` with new dicts in Lambda's shape,
 * unless the source is Lambda. */
#ifndef DEAGG_KINESIS_RECORD_H
#define DEAGG_KINESIS_RECORD_H

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
    PyObject *metadata; /* strong: the mapping in it that holds the metadata; the record itself for
                           boto3 and Pipes */
    PyObject *payload;  /* strong: any object; payload.h checks its type */
    bool is_base64;     /* whether the payload is base64 text, not the bytes themselves */
} deagg_kinesis_record;

/* Whether `record`, a mapping, is a Kinesis record from a known source: 1 or 0, or -1 with the
 * mapping's exception. */
int
deagg_kinesis_record_is_known(deagg_state *state, PyObject *record);

/* Reads `record`, number `index` of the input. 0 with *kinesis_record set, or -1 with TypeError if
 * it is not a mapping, KeyError if its source is unknown or its payload is missing, both naming
 * the index, or a mapping's exception. */
int
deagg_kinesis_record_read(deagg_state *state, PyObject *record, Py_ssize_t index,
                          deagg_kinesis_record *kinesis_record);

/* The key of the metadata in records from Lambda, Firehose and Analytics: a borrowed reference. */
PyObject *
deagg_kinesis_record_metadata_key(deagg_state *state, deagg_source source);

/* Finds the payload of `record` if that takes only look-ups in exact dicts, which run no user code
 * except the comparison of user-defined keys with an equal hash. 1 with a new reference in
 * *payload and with *is_base64, 0 if there is none, or -1 if such code raised something that is
 * not an Exception (KeyboardInterrupt). */
int
deagg_kinesis_record_find_payload(deagg_state *state, PyObject *record, PyObject **payload,
                                  bool *is_base64);

/* Finds the list or tuple of Kinesis records in `event`, a mapping that may be a whole event or
 * response. 1 with a new reference in *records, 0 with NULL if there is none, or -1 with NULL and
 * the mapping's exception. */
int
deagg_event_find_records(deagg_state *state, PyObject *event, PyObject **records);

/* Drops the references. */
void
deagg_kinesis_record_clear(deagg_kinesis_record *kinesis_record);

#endif
