/* The protobuf message inside an aggregate, decoded by protobuf-c into an arena. */
#ifndef KPL_AGGREGATE_H
#define KPL_AGGREGATE_H

#include "aggregated_record.pb-c.h"
#include "kpl/arena.h"

/* protobuf-c's own structs, generated from proto/aggregated_record.proto, so that nothing is
 * copied twice. */
typedef Kpl__AggregatedRecord kpl_aggregate;
typedef Kpl__Record kpl_user_record;

/* Decodes `message`: KPL_OK, KPL_BAD_MESSAGE, KPL_BAD_INDEX, KPL_TOO_LARGE or KPL_NO_MEMORY. The
 * arena is begun anew, so what it held before is gone in any case. On KPL_OK every index of
 * *aggregate lies inside its table, and *aggregate lives in the arena until it is begun again or
 * released; it is not set otherwise. */
kpl_status
kpl_aggregate_decode(kpl_bytes message, kpl_arena *arena, const kpl_aggregate **aggregate);

#endif
