/* Tells people about damaged aggregates, and about aggregates that belong to another shard. */
#ifndef DEAGG_DAMAGE_H
#define DEAGG_DAMAGE_H

#include "kpl/status.h"
#include "api/options.h"

/* Whether `status` means that a payload claims to be an aggregate and is none. */
bool
deagg_is_damage(kpl_status status);

/* Raises AggregateError with what is wrong, as `status` says. Always returns -1. */
int
deagg_damage_raise(deagg_state *state, PyObject *sequence_number, kpl_status status);

/* Logs one WARNING on the logger 'aws_kpl_deagg' with the sequence number in `metadata`, a
 * record's in Lambda's shape, and the reason, never the data; with options->strict, raises
 * AggregateError instead. 0, or -1 with an exception. An Exception from logging, a handler's say,
 * goes to sys.unraisablehook and counts as 0; only MemoryError, and what is no Exception
 * (KeyboardInterrupt), comes through. */
int
deagg_damage_report(deagg_state *state, const deagg_options *options, PyObject *metadata,
                    kpl_status status);

/* Logs one INFO that an aggregate is dropped, since it belongs to another shard. Returns as above.
 */
int
deagg_log_dropped(deagg_state *state, PyObject *metadata);

#endif
