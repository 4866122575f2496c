/* Kinesis records that are passed through: plain and damaged ones. */
#ifndef DEAGG_PASSTHROUGH_H
#define DEAGG_PASSTHROUGH_H

#include "input/source.h"
#include "kpl/status.h"

/* Reports damage, if `status` is damage, and returns the record to yield: a new reference, to the
 * same object where that is documented; or NULL with an exception. `kinesis_record` is in Lambda's
 * shape. New dicts in it are reused. `decode` and `strict` are the options. */
PyObject *
deagg_passthrough(deagg_state *state, bool decode, bool strict,
                  const deagg_kinesis_record *kinesis_record, kpl_status status);

#endif
