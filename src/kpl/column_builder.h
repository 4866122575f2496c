/* From payloads to batches of rows: a row for each user record, and one for each payload that has
 * none, so that nothing is lost.
 *
 *     payload                       rows
 *     an aggregate                  one for each user record
 *     plain                         its data alone
 *     damaged                       its data and the reason
 *     null                          one with its index alone
 */
#ifndef KPL_COLUMN_BUILDER_H
#define KPL_COLUMN_BUILDER_H

#include "kpl/columns.h"
#include "kpl/simd/kernels.h"

/* Batches in order. */
typedef struct {
    kpl_batch *items;
    size_t count;
    size_t capacity;
    size_t row_count; /* in all */
} kpl_batches;

typedef struct {
    kpl_allocator allocator;
    const kpl_kernels *kernels;
    bool verify;           /* whether digests are checked */
    kpl_arena arena;       /* for one message at a time */
    kpl_batches batches;   /* the last one takes the next row */
    int64_t payload_index; /* of the next payload */
} kpl_column_builder;

/* A builder without rows. `allocator` is copied. */
kpl_column_builder
kpl_column_builder_new(kpl_allocator allocator, const kpl_kernels *kernels, bool verify);

/* Appends the rows of `count` payloads; one whose `data` is NULL is null. KPL_OK; KPL_NO_MEMORY;
 * or KPL_TOO_MUCH_MEMORY for a plain or damaged payload of 2 GiB or more, which no cell can hold.
 */
kpl_status
kpl_column_builder_append(kpl_column_builder *builder, const kpl_bytes *payloads, size_t count);

/* Moves the batches to the caller, who releases them by kpl_batches_release, and releases
 * everything else. */
kpl_batches
kpl_column_builder_finish(kpl_column_builder *builder);

/* Returns all memory to the allocator of the builder. */
void
kpl_batches_release(kpl_batches *batches, const kpl_allocator *allocator);

#endif
