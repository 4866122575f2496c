/* Converts the records of all sources to Lambda's shape, so that a consumer is written once. */
#ifndef DEAGG_LAMBDA_SHAPE_H
#define DEAGG_LAMBDA_SHAPE_H

#include "input/source.h"

/* Replaces record and metadata of `kinesis_record` with new dicts in Lambda's shape, in which
 * 'data' is the payload object. Leaves a record from Lambda as it is. 0, or -1 with an exception
 * and *kinesis_record unchanged. */
int
deagg_lambda_shape_convert(deagg_state *state, deagg_kinesis_record *kinesis_record);

#endif
