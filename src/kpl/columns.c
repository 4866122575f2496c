/* Rows as Arrow buffers: see columns.h. */
#include "kpl/columns.h"

#include "kpl/utf8.h"

#include <string.h>

/* The first column with bytes. */
#define FIRST_BINARY KPL_PARTITION_KEY

/* The memory of a row without its bytes: an int64, five int32, and bits of validity. */
#define ROW_SIZE 29

/* The bytes of a key that room is made for, before any is known. */
#define EXPECTED_KEY_SIZE 16

/* Rows that are to be appended. */
typedef struct {
    size_t rows;
    size_t sizes[KPL_COLUMN_COUNT]; /* the bytes for each column */
    size_t size;                    /* the bytes for all columns */
} extent;

/* What a user record has for the columns with bytes. */
typedef struct {
    kpl_bytes partition_key;
    kpl_bytes explicit_hash_key;
    bool has_explicit_hash_key;
    kpl_bytes data;
} record_cells;

static record_cells
cells_of(const kpl_aggregate *aggregate, size_t index)
{
    kpl_user_record record = kpl_aggregate_user_record(aggregate, index);
    record_cells cells = {
        .partition_key = kpl_aggregate_partition_key(aggregate, record.partition_key_index),
        .has_explicit_hash_key = record.has_explicit_hash_key,
        .data = record.data,
    };
    if (record.has_explicit_hash_key) {
        cells.explicit_hash_key =
            kpl_aggregate_explicit_hash_key(aggregate, record.explicit_hash_key_index);
    }
    return cells;
}

static size_t
key_size(kpl_bytes key, bool replace)
{
    return replace ? kpl_utf8_replaced_size(key) : key.size;
}

/* Subtracts from *left what a key takes. Returns false if that is more; sets *replace if the key
 * is not valid UTF-8. */
static bool
subtract_key(kpl_bytes key, size_t *left, bool *replace)
{
    /* Before it is read, so that reading is bounded as well. */
    if (key.size > *left) {
        return false;
    }
    size_t size = key.size;
    if (!kpl_utf8_is_valid(key)) {
        *replace = true;
        size = kpl_utf8_replaced_size(key);
    }
    if (size > *left) {
        return false;
    }
    *left -= size;
    return true;
}

bool
kpl_columns_fit(const kpl_aggregate *aggregate, size_t cap, bool *replace)
{
    size_t left = cap;
    bool found = false;
    for (size_t i = 0; i < kpl_aggregate_user_record_count(aggregate); i++) {
        record_cells cells = cells_of(aggregate, i);
        if (!subtract_key(cells.partition_key, &left, &found) ||
            !subtract_key(cells.explicit_hash_key, &left, &found) || left < ROW_SIZE ||
            left - ROW_SIZE < cells.data.size) {
            return false;
        }
        left -= ROW_SIZE + cells.data.size;
    }
    *replace = found;
    return true;
}

static size_t
value_size(size_t column)
{
    return column == KPL_PAYLOAD_INDEX ? sizeof(int64_t) : sizeof(int32_t);
}

static size_t
validity_size(size_t rows)
{
    return (rows + 7) / 8;
}

/* Replaces *memory by `size` bytes that begin with its first `used` bytes. Returns whether there
 * was memory; if not, *memory is unchanged. */
static bool
grow(const kpl_allocator *allocator, void **memory, size_t used, size_t size)
{
    void *grown = allocator->allocate(allocator->context, size);
    if (grown == NULL) {
        return false;
    }
    if (used > 0) {
        memcpy(grown, *memory, used);
    }
    allocator->release(allocator->context, *memory);
    *memory = grown;
    return true;
}

/* Makes room for `rows` rows in one column. Returns whether there was memory. */
static bool
grow_column(kpl_batch *batch, const kpl_allocator *allocator, size_t column, size_t rows)
{
    kpl_column *grown = &batch->columns[column];
    size_t offsets = column >= FIRST_BINARY;
    size_t used = grown->values == NULL ? 0 : batch->length + offsets;
    void *validity = grown->validity;
    if (!grow(allocator, &grown->values, used * value_size(column),
              (rows + offsets) * value_size(column)) ||
        !grow(allocator, &validity, validity_size(batch->length), validity_size(rows))) {
        return false;
    }
    grown->validity = validity;
    return true;
}

/* Makes room for `rows` more rows. Returns whether there was memory. */
static bool
reserve_rows(kpl_batch *batch, const kpl_allocator *allocator, size_t rows)
{
    size_t capacity = batch->length + rows;
    if (capacity <= batch->capacity) {
        return true;
    }
    if (capacity < batch->capacity * 2) {
        capacity = batch->capacity * 2;
    }
    for (size_t i = 0; i < KPL_COLUMN_COUNT; i++) {
        if (!grow_column(batch, allocator, i, capacity)) {
            return false;
        }
    }
    batch->capacity = capacity;
    return true;
}

/* The offset at the end of a column. */
static size_t
end_of(const kpl_batch *batch, size_t column)
{
    return (size_t)((const int32_t *)batch->columns[column].values)[batch->length];
}

/* Makes room for `size` more bytes in a column. Returns whether there was memory. */
static bool
reserve_bytes(kpl_batch *batch, const kpl_allocator *allocator, size_t column, size_t size)
{
    kpl_column *grown = &batch->columns[column];
    size_t used = end_of(batch, column);
    if (size <= grown->bytes_capacity - used) {
        return true;
    }
    size_t capacity = used + size;
    if (capacity < grown->bytes_capacity * 2) {
        capacity = grown->bytes_capacity * 2;
    }
    void *bytes = grown->bytes;
    if (!grow(allocator, &bytes, used, capacity)) {
        return false;
    }
    grown->bytes = bytes;
    grown->bytes_capacity = capacity;
    return true;
}

/* Makes room for what is to be appended. Returns whether there was memory. */
static bool
reserve(kpl_batch *batch, const kpl_allocator *allocator, const extent *appended)
{
    bool reserved = reserve_rows(batch, allocator, appended->rows);
    for (size_t i = FIRST_BINARY; reserved && i < KPL_COLUMN_COUNT; i++) {
        reserved = reserve_bytes(batch, allocator, i, appended->sizes[i]);
    }
    return reserved;
}

bool
kpl_batch_init(kpl_batch *batch, const kpl_allocator *allocator, size_t rows, size_t bytes)
{
    *batch = (kpl_batch){0};
    extent expected = {.rows = rows < KPL_BATCH_ROWS ? rows : KPL_BATCH_ROWS};
    expected.sizes[KPL_DATA] = bytes < KPL_BATCH_BYTES ? bytes : KPL_BATCH_BYTES;
    expected.sizes[KPL_PARTITION_KEY] = expected.rows * EXPECTED_KEY_SIZE;
    if (!reserve_rows(batch, allocator, expected.rows)) {
        kpl_batch_release(batch, allocator);
        return false;
    }
    for (size_t i = FIRST_BINARY; i < KPL_COLUMN_COUNT; i++) {
        *(int32_t *)batch->columns[i].values = 0;
    }
    if (!reserve(batch, allocator, &expected)) {
        kpl_batch_release(batch, allocator);
        return false;
    }
    return true;
}

/* Whether the batch takes another row with `size` bytes after `appended`. The sum of all columns
 * stays below 2**31, so every offset does. */
static bool
takes(const kpl_batch *batch, const extent *appended, size_t size)
{
    size_t used = batch->size + appended->size;
    return batch->length + appended->rows < KPL_BATCH_ROWS && used < KPL_BATCH_BYTES &&
           size <= INT32_MAX - used;
}

/* Finds out how many user records from `first` on the batch takes, and what room they need. */
static extent
measure_user_records(const kpl_batch *batch, const kpl_aggregate *aggregate, size_t first,
                     bool replace)
{
    extent measured = {0};
    size_t count = kpl_aggregate_user_record_count(aggregate);
    for (size_t i = first; i < count; i++) {
        record_cells cells = cells_of(aggregate, i);
        size_t partition_key = key_size(cells.partition_key, replace);
        size_t explicit_hash_key = key_size(cells.explicit_hash_key, replace);
        size_t size = partition_key + explicit_hash_key + cells.data.size;
        if (!takes(batch, &measured, size)) {
            break;
        }
        measured.rows++;
        measured.sizes[KPL_PARTITION_KEY] += partition_key;
        measured.sizes[KPL_EXPLICIT_HASH_KEY] += explicit_hash_key;
        measured.sizes[KPL_DATA] += cells.data.size;
        measured.size += size;
    }
    return measured;
}

/* Sets the bits of rows `first` to `end` of a column, whose later bits are all 0 or not set yet.
 */
static void
fill_validity(kpl_column *column, size_t first, size_t end, bool valid)
{
    for (size_t i = first; i < end && i % 8 != 0; i++) {
        column->validity[i / 8] |= (uint8_t)(valid << i % 8);
    }
    size_t whole = (first + 7) / 8;
    if (validity_size(end) > whole) {
        memset(column->validity + whole, valid ? 0xFF : 0, validity_size(end) - whole);
    }
    if (end % 8 != 0) {
        column->validity[end / 8] &= (uint8_t)((1U << end % 8) - 1);
    }
    column->null_count += valid ? 0 : end - first;
}

/* Fills the numbers and the damage of rows `first` to `end`. */
static void
fill_plain_columns(kpl_batch *batch, size_t first, size_t end, int64_t payload_index,
                   size_t sub_sequence_number)
{
    int64_t *payload_indexes = batch->columns[KPL_PAYLOAD_INDEX].values;
    int32_t *numbers = batch->columns[KPL_SUB_SEQUENCE_NUMBER].values;
    int32_t *damage = batch->columns[KPL_DAMAGE].values;
    int32_t damage_end = damage[first];
    for (size_t i = first; i < end; i++) {
        payload_indexes[i] = payload_index;
        numbers[i] = (int32_t)(sub_sequence_number + (i - first));
        damage[i + 1] = damage_end;
    }
}

/* Appends bytes to a column, as those of row `row`. */
static void
write_cell(kpl_batch *batch, size_t column, size_t row, kpl_bytes bytes)
{
    int32_t *offset = (int32_t *)batch->columns[column].values + row;
    if (bytes.size > 0 && bytes.data != NULL) {
        memcpy(batch->columns[column].bytes + offset[0], bytes.data, bytes.size);
    }
    offset[1] = offset[0] + (int32_t)bytes.size;
}

static void
write_key(kpl_batch *batch, size_t column, size_t row, kpl_bytes key, bool replace)
{
    if (!replace) {
        write_cell(batch, column, row, key);
        return;
    }
    int32_t *offset = (int32_t *)batch->columns[column].values + row;
    offset[1] = offset[0] + (int32_t)kpl_utf8_replaced_size(key);
    if (key.size > 0) {
        kpl_utf8_replace(key, batch->columns[column].bytes + offset[0]);
    }
}

/* Writes the bytes of user record `index` to row `row`. Returns whether it has an explicit hash
 * key. */
static bool
write_cells(kpl_batch *batch, size_t row, const kpl_aggregate *aggregate, size_t index,
            bool replace)
{
    record_cells cells = cells_of(aggregate, index);
    write_key(batch, KPL_PARTITION_KEY, row, cells.partition_key, replace);
    write_key(batch, KPL_EXPLICIT_HASH_KEY, row, cells.explicit_hash_key, replace);
    write_cell(batch, KPL_DATA, row, cells.data);
    return cells.has_explicit_hash_key;
}

bool
kpl_batch_append_user_records(kpl_batch *batch, const kpl_allocator *allocator,
                              int64_t payload_index, const kpl_aggregate *aggregate, size_t first,
                              bool replace, size_t *count)
{
    extent appended = measure_user_records(batch, aggregate, first, replace);
    if (!reserve(batch, allocator, &appended)) {
        return false;
    }
    size_t start = batch->length;
    size_t end = start + appended.rows;
    kpl_column *hash_keys = &batch->columns[KPL_EXPLICIT_HASH_KEY];
    fill_plain_columns(batch, start, end, payload_index, first);
    fill_validity(&batch->columns[KPL_SUB_SEQUENCE_NUMBER], start, end, true);
    fill_validity(&batch->columns[KPL_PARTITION_KEY], start, end, true);
    fill_validity(&batch->columns[KPL_DATA], start, end, true);
    fill_validity(&batch->columns[KPL_DAMAGE], start, end, false);
    fill_validity(hash_keys, start, end, false);
    for (size_t i = 0; i < appended.rows; i++) {
        size_t row = start + i;
        bool has_hash_key = write_cells(batch, row, aggregate, first + i, replace);
        hash_keys->validity[row / 8] |= (uint8_t)(has_hash_key << row % 8);
        hash_keys->null_count -= has_hash_key;
    }
    batch->length = end;
    batch->size += appended.size;
    *count = appended.rows;
    return true;
}

bool
kpl_batch_append_payload(kpl_batch *batch, const kpl_allocator *allocator, int64_t payload_index,
                         kpl_bytes payload, const char *damage, size_t *count)
{
    kpl_bytes reason = {(const uint8_t *)damage, damage == NULL ? 0 : strlen(damage)};
    const kpl_bytes cells[KPL_COLUMN_COUNT] = {[KPL_DATA] = payload, [KPL_DAMAGE] = reason};
    const bool valid[KPL_COLUMN_COUNT] = {[KPL_DATA] = payload.data != NULL,
                                          [KPL_DAMAGE] = damage != NULL};
    extent appended = {.rows = 1};
    appended.sizes[KPL_DATA] = payload.size;
    appended.sizes[KPL_DAMAGE] = reason.size;
    *count = 0;
    if (payload.size > INT32_MAX || !takes(batch, &(extent){0}, payload.size + reason.size)) {
        return true;
    }
    if (!reserve(batch, allocator, &appended)) {
        return false;
    }
    size_t row = batch->length;
    fill_plain_columns(batch, row, row + 1, payload_index, 0);
    fill_validity(&batch->columns[KPL_SUB_SEQUENCE_NUMBER], row, row + 1, false);
    for (size_t i = FIRST_BINARY; i < KPL_COLUMN_COUNT; i++) {
        write_cell(batch, i, row, cells[i]);
        fill_validity(&batch->columns[i], row, row + 1, valid[i]);
    }
    batch->length++;
    batch->size += payload.size + reason.size;
    *count = 1;
    return true;
}

void
kpl_batch_release(kpl_batch *batch, const kpl_allocator *allocator)
{
    for (size_t i = 0; i < KPL_COLUMN_COUNT; i++) {
        allocator->release(allocator->context, batch->columns[i].validity);
        allocator->release(allocator->context, batch->columns[i].values);
        allocator->release(allocator->context, batch->columns[i].bytes);
    }
    *batch = (kpl_batch){0};
}
