/* Payloads become rows: see column_builder.h. */
#include "kpl/column_builder.h"

#include "kpl/frame.h"
#include "kpl/message.h"

#include <string.h>

/* The most memory that the rows of an aggregate may take: a multiple of its payload, and a
 * constant. A key is repeated in each row, so a small payload could name a terabyte. */
#define CAP_FACTOR 80
#define CAP_CONSTANT ((size_t)128 << 10)

kpl_column_builder
kpl_column_builder_new(kpl_allocator allocator, const kpl_kernels *kernels, bool verify)
{
    return (kpl_column_builder){
        .allocator = allocator,
        .kernels = kernels,
        .verify = verify,
        .arena = kpl_arena_new(allocator),
    };
}

/* Adds an empty batch for payloads of `left` bytes whose rows have about `row_size` of them.
 * Returns whether there was memory. */
static bool
add_batch(kpl_column_builder *builder, size_t left, size_t row_size)
{
    kpl_batches *batches = &builder->batches;
    const kpl_allocator *allocator = &builder->allocator;
    if (batches->count == batches->capacity) {
        size_t capacity = batches->capacity * 2 + 4;
        kpl_batch *items = allocator->allocate(allocator->context, capacity * sizeof *items);
        if (items == NULL) {
            return false;
        }
        if (batches->items != NULL) {
            memcpy(items, batches->items, batches->count * sizeof *items);
        }
        allocator->release(allocator->context, batches->items);
        batches->items = items;
        batches->capacity = capacity;
    }
    size_t rows = left / row_size + 1;
    rows = rows < KPL_BATCH_ROWS ? rows : KPL_BATCH_ROWS;
    if (!kpl_batch_init(&batches->items[batches->count], allocator, rows, rows * row_size)) {
        return false;
    }
    batches->count++;
    return true;
}

/* The last batch; NULL if there is none. */
static kpl_batch *
last_batch(kpl_column_builder *builder)
{
    kpl_batches *batches = &builder->batches;
    return batches->count == 0 ? NULL : &batches->items[batches->count - 1];
}

/* What to append to a batch: user records of the current payload or that itself. */
typedef struct {
    const kpl_aggregate *aggregate; /* NULL for the payload itself */
    size_t first;                   /* the next user record */
    bool replace;                   /* as in kpl_batch_append_user_records */
    kpl_bytes payload;
    const char *damage; /* NULL if it is not damaged */
} pending_rows;

/* Appends as many rows to the last batch as that takes. Returns whether there was memory. */
static bool
append_to_last(kpl_column_builder *builder, const pending_rows *rows, size_t *count)
{
    kpl_batch *batch = last_batch(builder);
    if (rows->aggregate != NULL) {
        return kpl_batch_append_user_records(batch, &builder->allocator, builder->payload_index,
                                             rows->aggregate, rows->first, rows->replace, count);
    }
    return kpl_batch_append_payload(batch, &builder->allocator, builder->payload_index,
                                    rows->payload, rows->damage, count);
}

/* Appends all rows, to as many batches as they need; `left` is the size of this payload and those
 * after it. KPL_OK, KPL_NO_MEMORY, or KPL_TOO_MUCH_MEMORY if a row would need 2 GiB. */
static kpl_status
append_rows(kpl_column_builder *builder, pending_rows rows, size_t left)
{
    size_t total = rows.aggregate == NULL ? 1 : kpl_aggregate_user_record_count(rows.aggregate);
    size_t row_size = rows.payload.size / (total == 0 ? 1 : total) + 1;
    if (last_batch(builder) == NULL && total > 0 && !add_batch(builder, left, row_size)) {
        return KPL_NO_MEMORY;
    }
    while (rows.first < total) {
        size_t count;
        if (!append_to_last(builder, &rows, &count)) {
            return KPL_NO_MEMORY;
        }
        if (count == 0 && last_batch(builder)->length == 0) {
            return KPL_TOO_MUCH_MEMORY;
        }
        rows.first += count;
        builder->batches.row_count += count;
        if (rows.first < total && !add_batch(builder, left, row_size)) {
            return KPL_NO_MEMORY;
        }
    }
    return KPL_OK;
}

/* Unpacks a message with a sound frame: KPL_OK if its user records can be rows, KPL_NO_MEMORY, or
 * why the payload is damaged. Sets what `rows` needs for them. */
static kpl_status
unpack(kpl_column_builder *builder, const kpl_frame *frame, pending_rows *rows)
{
    const kpl_aggregate *aggregate;
    kpl_status status = kpl_message_unpack(frame->message, &builder->arena, &aggregate);
    if (status != KPL_OK) {
        return status;
    }
    if (!builder->verify && kpl_aggregate_user_record_count(aggregate) == 0) {
        return KPL_NO_USER_RECORDS;
    }
    /* The message is below 2 GiB or less, so this does not overflow. */
    size_t cap = rows->payload.size * CAP_FACTOR + CAP_CONSTANT;
    if (!kpl_columns_fit(aggregate, cap, &rows->replace)) {
        return KPL_TOO_MUCH_MEMORY;
    }
    rows->aggregate = aggregate;
    return KPL_OK;
}

/* Appends the rows of one payload. Returns as append_rows does. */
static kpl_status
append_payload(kpl_column_builder *builder, kpl_bytes payload, const kpl_checked_frame *checked,
               size_t left)
{
    pending_rows rows = {.payload = payload};
    kpl_status status = checked->status;
    if (status == KPL_OK) {
        status = unpack(builder, &checked->frame, &rows);
    }
    if (status == KPL_NO_MEMORY) {
        return status;
    }
    if (kpl_status_is_damage(status)) {
        rows.damage = kpl_status_reason(status);
    }
    status = append_rows(builder, rows, left);
    builder->payload_index++;
    return status;
}

/* Appends the rows of up to KPL_MAX_FRAMES payloads. Returns as append_rows does. */
static kpl_status
append_group(kpl_column_builder *builder, const kpl_bytes *payloads, size_t count, size_t left)
{
    kpl_checked_frame checked[KPL_MAX_FRAMES];
    kpl_checked_frame *frames[KPL_MAX_FRAMES];
    for (size_t i = 0; i < count; i++) {
        checked[i].status = kpl_frame_find(payloads[i], &checked[i].frame);
        frames[i] = &checked[i];
    }
    if (builder->verify) {
        kpl_frames_check_digests(builder->kernels, frames, count);
    }
    kpl_status status = KPL_OK;
    for (size_t i = 0; status == KPL_OK && i < count; i++) {
        status = append_payload(builder, payloads[i], &checked[i], left);
        left -= payloads[i].size;
    }
    return status;
}

kpl_status
kpl_column_builder_append(kpl_column_builder *builder, const kpl_bytes *payloads, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += payloads[i].size;
    }
    kpl_status status = KPL_OK;
    while (status == KPL_OK && count > 0) {
        size_t group = count < KPL_MAX_FRAMES ? count : KPL_MAX_FRAMES;
        status = append_group(builder, payloads, group, size);
        for (size_t i = 0; i < group; i++) {
            size -= payloads[i].size;
        }
        payloads += group;
        count -= group;
    }
    return status;
}

kpl_batches
kpl_column_builder_finish(kpl_column_builder *builder)
{
    kpl_batches batches = builder->batches;
    kpl_arena_release(&builder->arena);
    builder->batches = (kpl_batches){0};
    return batches;
}

void
kpl_batches_release(kpl_batches *batches, const kpl_allocator *allocator)
{
    for (size_t i = 0; i < batches->count; i++) {
        kpl_batch_release(&batches->items[i], allocator);
    }
    allocator->release(allocator->context, batches->items);
    *batches = (kpl_batches){0};
}
