/* Whether an aggregate belongs to a shard, as the KCL's AggregatorUtil checks after a reshard. */
#ifndef DEAGG_SHARD_FILTER_H
#define DEAGG_SHARD_FILTER_H

#include "api/options.h"
#include "output/keys.h"

/* Checks the hash keys of all user records. KPL_OK with *inside set to whether all of them lie in
 * the range of `options`; KPL_BAD_HASH_KEY if an explicit hash key is invalid; or KPL_EXCEPTION
 * with MemoryError. */
kpl_status
deagg_shard_filter_check(const deagg_options *options, deagg_keys *keys, bool *inside);

#endif
