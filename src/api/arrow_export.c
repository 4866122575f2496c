/* Exporting batches: see arrow_export.h. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* for madvise */
#endif
#include "api/arrow_export.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

/* The most buffers of a column: validity, offsets, bytes. */
#define MAX_BUFFERS 3

/* The buffers of a batch as ArrowArray refers to them. */
typedef struct {
    const void *columns[KPL_COLUMN_COUNT][MAX_BUFFERS];
} buffer_table;

struct deagg_shared_batches {
    atomic_size_t references;
    kpl_batches batches;
    buffer_table *buffers; /* of each batch */
};

/* The size of a huge page on x86-64, and on aarch64 with pages of 4 KiB. */
#define HUGE_PAGE ((size_t)2 << 20)

/* Large buffers ask for huge pages: a batch is fresh memory, which costs a fault per page. The
 * last part of a buffer has small pages, so that no memory is wasted. */
static void *
allocate(void *context, size_t size)
{
    (void)context;
#ifdef MADV_HUGEPAGE
    if (size >= HUGE_PAGE && size <= SIZE_MAX - HUGE_PAGE) {
        void *memory = aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
        if (memory != NULL) {
            (void)madvise(memory, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
        }
        return memory;
    }
#endif
    return malloc(size);
}

static void
release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

kpl_allocator
deagg_arrow_allocator(void)
{
    return (kpl_allocator){allocate, release, NULL};
}

static bool
is_binary(size_t column)
{
    return column >= KPL_PARTITION_KEY;
}

/* What `bytes` of an empty column point to, since some consumers want no NULL. */
static const uint8_t NO_BYTES[8];

static void
fill_buffer_table(buffer_table *table, const kpl_batch *batch)
{
    for (size_t i = 0; i < KPL_COLUMN_COUNT; i++) {
        const kpl_column *column = &batch->columns[i];
        table->columns[i][0] = column->null_count == 0 ? NULL : column->validity;
        table->columns[i][1] = column->values;
        table->columns[i][2] = column->bytes == NULL ? NO_BYTES : column->bytes;
    }
}

deagg_shared_batches *
deagg_shared_batches_new(kpl_batches batches)
{
    deagg_shared_batches *shared = malloc(sizeof *shared);
    buffer_table *buffers = calloc(batches.count + 1, sizeof *buffers);
    if (shared == NULL || buffers == NULL) {
        kpl_allocator allocator = deagg_arrow_allocator();
        kpl_batches_release(&batches, &allocator);
        free(buffers);
        free(shared);
        return NULL;
    }
    for (size_t i = 0; i < batches.count; i++) {
        fill_buffer_table(&buffers[i], &batches.items[i]);
    }
    atomic_init(&shared->references, 1);
    shared->batches = batches;
    shared->buffers = buffers;
    return shared;
}

static deagg_shared_batches *
new_reference(deagg_shared_batches *shared)
{
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    return shared;
}

void
deagg_shared_batches_release(deagg_shared_batches *shared)
{
    if (shared == NULL ||
        atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    kpl_allocator allocator = deagg_arrow_allocator();
    kpl_batches_release(&shared->batches, &allocator);
    free(shared->buffers);
    free(shared);
}

size_t
deagg_shared_batches_row_count(const deagg_shared_batches *shared)
{
    return shared->batches.row_count;
}

/* The children of an exported schema. */
typedef struct {
    struct ArrowSchema columns[KPL_COLUMN_COUNT];
    struct ArrowSchema *pointers[KPL_COLUMN_COUNT];
} schema_children;

/* For a column: all of its memory is static. */
static void
release_column_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void
release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
    }
    free(schema->private_data);
    schema->release = NULL;
}

int
deagg_arrow_export_schema(struct ArrowSchema *schema)
{
    static const char *const columns[KPL_COLUMN_COUNT][2] = {
        [KPL_PAYLOAD_INDEX] = {"payload_index", "l"},
        [KPL_SUB_SEQUENCE_NUMBER] = {"sub_sequence_number", "i"},
        [KPL_PARTITION_KEY] = {"partition_key", "u"},
        [KPL_EXPLICIT_HASH_KEY] = {"explicit_hash_key", "u"},
        [KPL_DATA] = {"data", "z"},
        [KPL_DAMAGE] = {"damage", "u"},
    };
    *schema = (struct ArrowSchema){0};
    schema_children *children = malloc(sizeof *children);
    if (children == NULL) {
        return ENOMEM;
    }
    for (size_t i = 0; i < KPL_COLUMN_COUNT; i++) {
        children->columns[i] = (struct ArrowSchema){
            .format = columns[i][1],
            .name = columns[i][0],
            .flags = i == KPL_PAYLOAD_INDEX ? 0 : ARROW_FLAG_NULLABLE,
            .release = release_column_schema,
        };
        children->pointers[i] = &children->columns[i];
    }
    *schema = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = KPL_COLUMN_COUNT,
        .children = children->pointers,
        .release = release_schema,
        .private_data = children,
    };
    return 0;
}

/* What an exported batch owns beside its children. */
typedef struct {
    const void *no_validity;
    struct ArrowArray columns[KPL_COLUMN_COUNT];
    struct ArrowArray *pointers[KPL_COLUMN_COUNT];
} array_children;

/* For a column, which may have been moved out of its batch. */
static void
release_column(struct ArrowArray *array)
{
    deagg_shared_batches_release(array->private_data);
    array->release = NULL;
}

static void
release_batch(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    free(array->private_data);
    array->release = NULL;
}

/* Exports one batch. 0, or ENOMEM with *array released. */
static int
export_batch(deagg_shared_batches *shared, size_t index, struct ArrowArray *array)
{
    const kpl_batch *batch = &shared->batches.items[index];
    array_children *children = malloc(sizeof *children);
    if (children == NULL) {
        return ENOMEM;
    }
    children->no_validity = NULL;
    for (size_t i = 0; i < KPL_COLUMN_COUNT; i++) {
        children->columns[i] = (struct ArrowArray){
            .length = (int64_t)batch->length,
            .null_count = (int64_t)batch->columns[i].null_count,
            .n_buffers = is_binary(i) ? 3 : 2,
            .buffers = shared->buffers[index].columns[i],
            .release = release_column,
            .private_data = new_reference(shared),
        };
        children->pointers[i] = &children->columns[i];
    }
    *array = (struct ArrowArray){
        .length = (int64_t)batch->length,
        .n_buffers = 1,
        .n_children = KPL_COLUMN_COUNT,
        .buffers = &children->no_validity,
        .children = children->pointers,
        .release = release_batch,
        .private_data = children,
    };
    return 0;
}

/* An exported stream. */
typedef struct {
    deagg_shared_batches *shared;
    size_t next;
    bool failed;
} stream_state;

static int
get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema)
{
    stream_state *state = stream->private_data;
    int result = deagg_arrow_export_schema(schema);
    state->failed = result != 0;
    return result;
}

static int
get_next(struct ArrowArrayStream *stream, struct ArrowArray *array)
{
    stream_state *state = stream->private_data;
    *array = (struct ArrowArray){0};
    if (state->next == state->shared->batches.count) {
        return 0;
    }
    int result = export_batch(state->shared, state->next, array);
    state->failed = result != 0;
    state->next += result == 0;
    return result;
}

static const char *
get_last_error(struct ArrowArrayStream *stream)
{
    stream_state *state = stream->private_data;
    return state->failed ? "out of memory" : NULL;
}

static void
release_stream(struct ArrowArrayStream *stream)
{
    stream_state *state = stream->private_data;
    deagg_shared_batches_release(state->shared);
    free(state);
    stream->release = NULL;
}

int
deagg_arrow_export_stream(deagg_shared_batches *shared, struct ArrowArrayStream *stream)
{
    *stream = (struct ArrowArrayStream){0};
    stream_state *state = malloc(sizeof *state);
    if (state == NULL) {
        return ENOMEM;
    }
    *state = (stream_state){new_reference(shared), 0, false};
    *stream = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = get_last_error,
        .release = release_stream,
        .private_data = state,
    };
    return 0;
}
