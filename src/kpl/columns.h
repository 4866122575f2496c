/* User records as columns: rows in the layout of Apache Arrow's columnar format,
 * https://arrow.apache.org/docs/format/Columnar.html. */
#ifndef KPL_COLUMNS_H
#define KPL_COLUMNS_H

#include "kpl/message.h"

/* The columns, in order. */
typedef enum {
    KPL_PAYLOAD_INDEX,       /* int64, never null */
    KPL_SUB_SEQUENCE_NUMBER, /* int32 */
    KPL_PARTITION_KEY,       /* utf8 */
    KPL_EXPLICIT_HASH_KEY,   /* utf8 */
    KPL_DATA,                /* binary */
    KPL_DAMAGE,              /* utf8 */
} kpl_column_name;

#define KPL_COLUMN_COUNT 6

/* One column of a batch. */
typedef struct {
    uint8_t *validity; /* a bit for each row, the least significant first: 1 if it is not null */
    size_t null_count;
    void *values;   /* int64_t or int32_t for each row; or int32_t offsets, one more than rows */
    uint8_t *bytes; /* what the offsets refer to; NULL for numbers, and if there is nothing yet */
    size_t bytes_capacity;
} kpl_column;

/* A batch of rows. All memory is from the allocator that it was made with. */
typedef struct {
    size_t length;
    size_t capacity; /* of rows */
    size_t size;     /* of the bytes in all columns */
    kpl_column columns[KPL_COLUMN_COUNT];
} kpl_batch;

/* The most rows of a batch, and the bytes after which it takes no more. Larger batches are slower,
 * since all of their memory is fresh. */
#define KPL_BATCH_ROWS 10000
#define KPL_BATCH_BYTES ((size_t)4 << 20)

/* Finds out whether the rows of an aggregate take at most `cap` bytes. If so, sets *replace to
 * whether some of its keys are not valid UTF-8. Takes no longer than reading `cap` bytes. */
bool
kpl_columns_fit(const kpl_aggregate *aggregate, size_t cap, bool *replace);

/* Allocates an empty batch for about `rows` rows with `bytes` bytes of data, or for a whole batch
 * if that is less. Returns whether there was memory. */
bool
kpl_batch_init(kpl_batch *batch, const kpl_allocator *allocator, size_t rows, size_t bytes);

/* Appends rows for the user records of an aggregate from `first` on, until the batch is whole;
 * `replace` is from kpl_columns_fit. Sets *count to their number, which is 0 only if the batch is
 * whole or if a row would need 2 GiB. Returns whether there was memory; if not, the batch is
 * unchanged. */
bool
kpl_batch_append_user_records(kpl_batch *batch, const kpl_allocator *allocator,
                              int64_t payload_index, const kpl_aggregate *aggregate, size_t first,
                              bool replace, size_t *count);

/* Appends a row for a payload without user records: its index; its data, unless `payload.data` is
 * NULL; and the damage, unless `damage` is NULL. Sets *count to 1, or to 0 as above. Returns as
 * above. */
bool
kpl_batch_append_payload(kpl_batch *batch, const kpl_allocator *allocator, int64_t payload_index,
                         kpl_bytes payload, const char *damage, size_t *count);

/* Returns all memory. Safe on a batch of zeros. */
void
kpl_batch_release(kpl_batch *batch, const kpl_allocator *allocator);

#endif
