/* The type UserRecordBatches, the result of unpack_arrow(). */
#ifndef DEAGG_USER_RECORD_BATCHES_H
#define DEAGG_USER_RECORD_BATCHES_H

#include "api/arrow_export.h"
#include "base/state.h"

extern PyType_Spec deagg_user_record_batches_spec;

/* A new instance, which takes over the reference to `shared`, also on failure; NULL with
 * MemoryError. */
PyObject *
deagg_user_record_batches_new(deagg_state *state, deagg_shared_batches *shared);

#endif
