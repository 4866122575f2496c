/* For check_columns.c and fuzz_columns.c: compares batches with the payloads they were built from,
 * row by row and bit by bit. Whoever includes this defines REQUIRE(condition, what) first. */
#ifndef ROW_CHECKS_H
#define ROW_CHECKS_H

#include "kpl/column_builder.h"
#include "kpl/frame.h"
#include "kpl/message.h"
#include "kpl/simd/md5.h"
#include "kpl/utf8.h"

#include <stdlib.h>
#include <string.h>

/* The next row to compare. */
typedef struct {
    const kpl_batches *batches;
    size_t batch;
    size_t row;
    size_t rows; /* compared so far */
} row_cursor;

static bool
is_valid_at(const kpl_column *column, size_t row)
{
    return column->validity[row / 8] >> row % 8 & 1;
}

/* Requires that the cell at the cursor is `bytes`, or null if `null`. */
static void
check_cell(const row_cursor *cursor, size_t name, bool null, kpl_bytes bytes)
{
    const kpl_column *column = &cursor->batches->items[cursor->batch].columns[name];
    const int32_t *offset = (const int32_t *)column->values + cursor->row;
    size_t size = null ? 0 : bytes.size;
    REQUIRE(is_valid_at(column, cursor->row) == !null, "the validity of a cell");
    REQUIRE((size_t)(offset[1] - offset[0]) == size, "the size of a cell");
    REQUIRE(size == 0 || memcmp(column->bytes + offset[0], bytes.data, size) == 0,
            "the bytes of a cell");
}

/* The same for a key, in which invalid bytes are replaced. */
static void
check_key(const row_cursor *cursor, size_t name, bool null, kpl_bytes key)
{
    if (null || kpl_utf8_is_valid(key)) {
        check_cell(cursor, name, null, key);
        return;
    }
    size_t size = kpl_utf8_replaced_size(key);
    uint8_t *replaced = malloc(size);
    REQUIRE(replaced != NULL, "there is memory");
    kpl_utf8_replace(key, replaced);
    REQUIRE(kpl_utf8_is_valid((kpl_bytes){replaced, size}), "it is valid after replacement");
    check_cell(cursor, name, null, (kpl_bytes){replaced, size});
    free(replaced);
}

/* Requires the numbers of a row; a negative sub-sequence number stands for null. */
static void
check_numbers(const row_cursor *cursor, int64_t payload_index, int64_t sub_sequence_number)
{
    REQUIRE(cursor->batch < cursor->batches->count, "there is a row");
    const kpl_batch *batch = &cursor->batches->items[cursor->batch];
    const kpl_column *number = &batch->columns[KPL_SUB_SEQUENCE_NUMBER];
    const int64_t *indexes = batch->columns[KPL_PAYLOAD_INDEX].values;
    REQUIRE(indexes[cursor->row] == payload_index, "the index of the payload");
    REQUIRE(is_valid_at(number, cursor->row) == (sub_sequence_number >= 0), "a number or null");
    REQUIRE(sub_sequence_number < 0 ||
                ((const int32_t *)number->values)[cursor->row] == sub_sequence_number,
            "the sub-sequence number");
}

static void
next_row(row_cursor *cursor)
{
    cursor->rows++;
    cursor->row++;
    if (cursor->row == cursor->batches->items[cursor->batch].length) {
        cursor->row = 0;
        cursor->batch++;
    }
}

/* Requires that a batch is sound: its nulls counted, its offsets in order, no bit set after the
 * last row, its size within what a batch takes. */
static void
check_batch(const kpl_batch *batch)
{
    size_t total = 0;
    REQUIRE(batch->length > 0 && batch->length <= KPL_BATCH_ROWS, "the length of a batch");
    for (size_t i = KPL_SUB_SEQUENCE_NUMBER; i < KPL_COLUMN_COUNT; i++) {
        const kpl_column *column = &batch->columns[i];
        size_t nulls = 0;
        for (size_t row = 0; row < batch->length; row++) {
            nulls += !is_valid_at(column, row);
        }
        REQUIRE(nulls == column->null_count, "the number of nulls");
        for (size_t row = batch->length; row % 8 != 0; row++) {
            REQUIRE(!is_valid_at(column, row), "no bit after the last row");
        }
        if (i >= KPL_PARTITION_KEY) {
            const int32_t *offsets = column->values;
            REQUIRE(offsets[0] == 0, "the first offset");
            REQUIRE((size_t)offsets[batch->length] <= column->bytes_capacity, "the last offset");
            total += (size_t)offsets[batch->length];
        }
    }
    REQUIRE(total == batch->size, "the size of a batch");
}

/* What the rows of an aggregate take. */
static size_t
size_of_rows(const kpl_aggregate *aggregate)
{
    size_t size = 0;
    for (size_t i = 0; i < kpl_aggregate_user_record_count(aggregate); i++) {
        kpl_user_record record = kpl_aggregate_user_record(aggregate, i);
        size += 29 + record.data.size;
        size += kpl_utf8_replaced_size(
            kpl_aggregate_partition_key(aggregate, record.partition_key_index));
        if (record.has_explicit_hash_key) {
            size += kpl_utf8_replaced_size(
                kpl_aggregate_explicit_hash_key(aggregate, record.explicit_hash_key_index));
        }
    }
    return size;
}

/* Finds out by itself what a payload is: KPL_OK with its aggregate, or why not. */
static kpl_status
read_payload(kpl_bytes payload, bool verify, kpl_arena *arena, const kpl_aggregate **aggregate)
{
    kpl_frame frame;
    kpl_status status = kpl_frame_find(payload, &frame);
    if (status == KPL_OK && verify) {
        uint8_t digest[KPL_DIGEST_SIZE];
        kpl_md5(frame.message, digest);
        status = kpl_frame_check_digest(&frame, digest);
    }
    if (status == KPL_OK) {
        status = kpl_message_unpack(frame.message, arena, aggregate);
    }
    if (status == KPL_OK && !verify && kpl_aggregate_user_record_count(*aggregate) == 0) {
        status = KPL_NO_USER_RECORDS;
    }
    if (status == KPL_OK && size_of_rows(*aggregate) > payload.size * 80 + 131072) {
        status = KPL_TOO_MUCH_MEMORY;
    }
    return status;
}

static void
check_user_record(const row_cursor *cursor, int64_t payload_index, const kpl_aggregate *aggregate,
                  size_t index)
{
    kpl_user_record record = kpl_aggregate_user_record(aggregate, index);
    kpl_bytes none = {NULL, 0};
    check_numbers(cursor, payload_index, (int64_t)index);
    check_key(cursor, KPL_PARTITION_KEY, false,
              kpl_aggregate_partition_key(aggregate, record.partition_key_index));
    check_key(cursor, KPL_EXPLICIT_HASH_KEY, !record.has_explicit_hash_key,
              record.has_explicit_hash_key
                  ? kpl_aggregate_explicit_hash_key(aggregate, record.explicit_hash_key_index)
                  : none);
    check_cell(cursor, KPL_DATA, false, record.data);
    check_cell(cursor, KPL_DAMAGE, true, none);
}

static void
check_payload_row(const row_cursor *cursor, int64_t payload_index, kpl_bytes payload,
                  kpl_status status)
{
    kpl_bytes none = {NULL, 0};
    bool damaged = kpl_status_is_damage(status);
    const char *reason = damaged ? kpl_status_reason(status) : "";
    check_numbers(cursor, payload_index, -1);
    check_cell(cursor, KPL_PARTITION_KEY, true, none);
    check_cell(cursor, KPL_EXPLICIT_HASH_KEY, true, none);
    check_cell(cursor, KPL_DATA, payload.data == NULL, payload);
    check_cell(cursor, KPL_DAMAGE, !damaged, (kpl_bytes){(const uint8_t *)reason, strlen(reason)});
}

/* Requires that `batches` are the rows of the payloads. */
static void
check_rows(const kpl_batches *batches, const kpl_bytes *payloads, size_t count, bool verify,
           kpl_allocator allocator)
{
    row_cursor cursor = {.batches = batches};
    kpl_arena arena = kpl_arena_new(allocator);
    for (size_t i = 0; i < count; i++) {
        const kpl_aggregate *aggregate = NULL;
        kpl_status status = read_payload(payloads[i], verify, &arena, &aggregate);
        if (status != KPL_OK) {
            check_payload_row(&cursor, (int64_t)i, payloads[i], status);
            next_row(&cursor);
            continue;
        }
        for (size_t j = 0; j < kpl_aggregate_user_record_count(aggregate); j++) {
            check_user_record(&cursor, (int64_t)i, aggregate, j);
            next_row(&cursor);
        }
    }
    kpl_arena_release(&arena);
    REQUIRE(cursor.batch == batches->count && cursor.row == 0, "no row is left");
    REQUIRE(cursor.rows == batches->row_count, "the number of rows");
    for (size_t i = 0; i < batches->count; i++) {
        check_batch(&batches->items[i]);
    }
}

#endif
