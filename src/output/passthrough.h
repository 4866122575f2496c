/* What comes out for a Kinesis record that is not unpacked: a plain or a damaged one. */
#ifndef DEAGG_PASSED_RECORD_H
#define DEAGG_PASSED_RECORD_H

#include "kpl/status.h"
#include "api/options.h"
#include "input/source.h"

/* The record as it comes out, after damage has been reported: a new reference, to the same object
 * where it may be the same; or NULL with an exception. `kinesis_record` is in Lambda's shape; its
 * dicts, if they are new, may be changed. */
PyObject *
deagg_passed_record(deagg_state *state, const deagg_options *options,
                    const deagg_kinesis_record *kinesis_record, kpl_status status);

#endif
