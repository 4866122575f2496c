/* Gives the records of all sources Lambda's shape, so that a consumer is written once. */
#ifndef DEAGG_CONVERSION_H
#define DEAGG_CONVERSION_H

#include "input/source.h"

/* Replaces record and metadata of `kinesis_record` by new dicts in Lambda's shape, 'data' being
 * the payload as it came; leaves a record that is from Lambda alone. 0, or -1 with an exception
 * and *kinesis_record unchanged. */
int
deagg_conversion_to_lambda(deagg_state *state, deagg_kinesis_record *kinesis_record);

#endif
