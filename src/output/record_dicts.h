/* Makes the dicts that people get: one user record of an aggregate each. */
#ifndef DEAGG_USER_RECORD_H
#define DEAGG_USER_RECORD_H

#include "output/keys.h"
#include "api/options.h"

/* What all user records of one aggregate have in common. */
typedef struct {
    deagg_aggregate_keys keys; /* keys.aggregate is NULL when there is none */
    PyObject *record;          /* strong: a user record, its 'kinesis' to be filled in */
    PyObject *kinesis;         /* strong: the same of its 'kinesis' */
} deagg_user_records;

/* Prepares for the user records of `aggregate`, which came in `record`, a Kinesis record in
 * Lambda's shape, with `kinesis` the mapping under its key 'kinesis'. *user_records is empty
 * before. 0, or -1 with an exception and *user_records still empty. */
int
deagg_user_records_begin(deagg_state *state, deagg_user_records *user_records, PyObject *record,
                         PyObject *kinesis, const kpl_aggregate *aggregate);

/* The user record with sub-sequence number `index`, below aggregate->n_records: a new reference,
 * or NULL with MemoryError. */
PyObject *
deagg_user_records_get(deagg_state *state, const deagg_options *options,
                       deagg_user_records *user_records, size_t index);

/* Drops all references; harmless on an empty one. */
void
deagg_user_records_clear(deagg_user_records *user_records);

#endif
