/* Builds the dicts of user records. */
#ifndef DEAGG_USER_RECORD_DICTS_H
#define DEAGG_USER_RECORD_DICTS_H

#include "output/keys.h"

/* The common part of all user records of one aggregate. */
typedef struct {
    deagg_keys keys;   /* keys.aggregate is NULL if empty */
    PyObject *record;  /* strong: a user record without its 'kinesis' */
    PyObject *kinesis; /* strong: a 'kinesis' without the user record's own values */
} deagg_record_templates;

/* Prepares for the user records of `aggregate`. `record` is its Kinesis record in Lambda's shape,
 * and `kinesis` the mapping under that record's 'kinesis'. The dicts share their keys if
 * `share_keys`, which saves memory, but costs time where memory is not fresh. *templates is empty
 * before. 0, or -1 with an exception and *templates still empty. */
int
deagg_record_templates_init(deagg_record_templates *templates, deagg_state *state,
                            PyObject *record, PyObject *kinesis, bool share_keys,
                            const kpl_aggregate *aggregate);

/* Builds the user record with sub-sequence number `index`: a new dict, with 'data' as bytes if
 * `decode` and base64 otherwise; or NULL with MemoryError. */
PyObject *
deagg_record_dict_new(deagg_record_templates *templates, deagg_state *state, bool decode,
                      size_t index);

/* Drops all references. Safe if empty. */
void
deagg_record_templates_clear(deagg_record_templates *templates);

#endif
