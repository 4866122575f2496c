/* Exported columns with a malloc that fails at each call, and their references. The source is
 * included, so that it calls our malloc. */
#include "guarded.h"

#include <errno.h>

static size_t mallocs_left = SIZE_MAX;
static size_t in_use;

static void *
counted_malloc(size_t size)
{
    if (mallocs_left == 0) {
        return NULL;
    }
    mallocs_left--;
    in_use++;
    return malloc(size);
}

static void *
counted_calloc(size_t count, size_t size)
{
    void *memory = counted_malloc(count * size);
    for (size_t i = 0; memory != NULL && i < count * size; i++) {
        ((uint8_t *)memory)[i] = 0;
    }
    return memory;
}

static void
counted_free(void *memory)
{
    in_use -= memory != NULL;
    free(memory);
}

#define malloc counted_malloc
#define calloc counted_calloc
#define free counted_free
/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "api/arrow_export.c"

#define ROWS 25000

/* A shared result of ROWS plain payloads; NULL if there is no memory. */
static deagg_shared_batches *
new_shared(void)
{
    kpl_column_builder builder =
        kpl_column_builder_new(deagg_arrow_allocator(), kpl_kernels_best(), true);
    kpl_bytes payload = {(const uint8_t *)"plain", 5};
    kpl_status status = KPL_OK;
    for (size_t i = 0; status == KPL_OK && i < ROWS; i++) {
        status = kpl_column_builder_append(&builder, &payload, 1);
    }
    kpl_batches batches = kpl_column_builder_finish(&builder);
    if (status != KPL_OK) {
        kpl_batches_release(&batches, &builder.allocator);
        return NULL;
    }
    return deagg_shared_batches_new(batches);
}

/* Reads everything, moves one column out of each batch, and releases in an odd order. Returns 0 or
 * ENOMEM. */
static int
read_all(deagg_shared_batches *shared, size_t *rows)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    int error = deagg_arrow_export_stream(shared, &stream);
    CHECK((stream.release == NULL) == (error != 0), "%d", error);
    if (error != 0) {
        return error;
    }
    error = stream.get_schema(&stream, &schema);
    CHECK((schema.release == NULL) == (error != 0), "%d", error);
    CHECK((stream.get_last_error(&stream) != NULL) == (error != 0), "%d", error);
    if (error == 0) {
        schema.release(&schema);
        CHECK(schema.release == NULL, "released");
    }
    while (error == 0) {
        error = stream.get_next(&stream, &array);
        CHECK((stream.get_last_error(&stream) != NULL) == (error != 0), "%d", error);
        if (array.release == NULL) {
            break;
        }
        *rows += (size_t)array.length;
        struct ArrowArray moved = *array.children[KPL_DATA];
        array.children[KPL_DATA]->release = NULL;
        array.release(&array);
        CHECK(array.release == NULL, "released");
        const int32_t *offsets = moved.buffers[1];
        CHECK(offsets[moved.length] == 5 * moved.length, "%d", offsets[moved.length]);
        moved.release(&moved);
    }
    stream.release(&stream);
    CHECK(stream.release == NULL, "released");
    return error;
}

int
main(void)
{
    int error = ENOMEM;
    size_t succeeding;
    for (succeeding = 0; error != 0; succeeding++) {
        size_t rows = 0;
        mallocs_left = succeeding;
        deagg_shared_batches *shared = new_shared();
        error = shared == NULL ? ENOMEM : read_all(shared, &rows);
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow atomic counts */
        deagg_shared_batches_release(shared);
        CHECK(error == 0 || error == ENOMEM, "%d", error);
        CHECK(error != 0 || rows == ROWS, "%zu", rows);
        CHECK(in_use == 0, "%zu succeed: %zu lost", succeeding, in_use);
    }
    CHECK(succeeding > 10, "%zu", succeeding);
    return 0;
}
