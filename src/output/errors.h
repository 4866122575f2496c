/* Reports damaged aggregates, by a log line or AggregateError, and aggregates of other shards. */
#ifndef DEAGG_ERRORS_H
#define DEAGG_ERRORS_H

#include "base/state.h"
#include "kpl/status.h"

/* A new reference to the type AggregateError, a subclass of ValueError; NULL with an exception. */
PyObject *
deagg_errors_new_type(PyObject *module);

/* Raises AggregateError with the reason for `status`, which is damage or KPL_NOT_AGGREGATED.
 * Always returns -1. */
int
deagg_errors_raise(deagg_state *state, PyObject *sequence_number, kpl_status status);

/* Logs a WARNING on the logger 'aws_kpl_deagg' with the sequence number from `metadata`, a
 * record's in Lambda's shape, and the reason, never the data; or, if `strict`, raises
 * AggregateError. 0, or -1 with an exception. An Exception from logging, such as a handler's, goes
 * to sys.unraisablehook and counts as 0; only MemoryError and exceptions that are not an Exception
 * (KeyboardInterrupt) are raised. */
int
deagg_errors_report_damage(deagg_state *state, bool strict, PyObject *metadata, kpl_status status);

/* Logs an INFO that an aggregate is dropped because it belongs to another shard. Returns as above.
 */
int
deagg_errors_report_dropped(deagg_state *state, PyObject *metadata);

#endif
