/* Whether an aggregate belongs to a shard, as the KCL's AggregatorUtil asks after a reshard. */
#ifndef DEAGG_HASH_KEY_RANGE_H
#define DEAGG_HASH_KEY_RANGE_H

#include "output/keys.h"
#include "api/options.h"

/* Looks at the hash keys of all user records. 0 with *status KPL_OK and in *inside whether all lie
 * in options->hash_key_range, or with *status KPL_BAD_HASH_KEY; -1 with MemoryError. */
int
deagg_hash_key_range_check(const deagg_options *options, deagg_aggregate_keys *keys,
                           kpl_status *status, bool *inside);

#endif
