/* Batches of rows, exported through Arrow's C interfaces.
 *
 * Nothing here is a Python object: an exported struct may be read and released by any thread,
 * without the GIL, and after the interpreter has ended. All memory is malloc's. */
#ifndef DEAGG_ARROW_EXPORT_H
#define DEAGG_ARROW_EXPORT_H

#include "api/arrow_abi.h"
#include "kpl/column_builder.h"

/* Batches that are shared by their owner and everything that was exported. */
typedef struct deagg_shared_batches deagg_shared_batches;

/* The allocator that the batches must come from: malloc and free. */
kpl_allocator
deagg_arrow_allocator(void);

/* Takes over the batches: one reference for the caller; or NULL if there is no memory, and the
 * batches are released. */
deagg_shared_batches *
deagg_shared_batches_new(kpl_batches batches);

/* Drops one reference. `shared` may be NULL. */
void
deagg_shared_batches_release(deagg_shared_batches *shared);

/* The number of rows in all batches. */
size_t
deagg_shared_batches_row_count(const deagg_shared_batches *shared);

/* Exports the schema. 0, or ENOMEM with *schema released. */
int
deagg_arrow_export_schema(struct ArrowSchema *schema);

/* Exports all batches. 0, or ENOMEM with *stream released. */
int
deagg_arrow_export_stream(deagg_shared_batches *shared, struct ArrowArrayStream *stream);

#endif
