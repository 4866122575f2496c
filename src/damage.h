/* Tells people about damaged aggregates. */
#ifndef DEAGG_DAMAGE_H
#define DEAGG_DAMAGE_H

#include "kpl/status.h"
#include "source.h"

/* Whether `status` means that a payload claims to be an aggregate and is none. */
bool
deagg_is_damage(kpl_status status);

/* Logs one WARNING on the logger 'aws_kpl_deagg' with the sequence number and the reason, never
 * the data. 0, or -1 with an exception. An Exception from a logging handler goes to
 * sys.unraisablehook and counts as 0; only MemoryError, and what is no Exception
 * (KeyboardInterrupt), comes through. */
int
deagg_damage_log(deagg_state *state, const deagg_kinesis_record *kinesis_record,
                 kpl_status status);

#endif
