/* Payloads of every kind become rows: in groups of all sizes, over the limits of a batch, with an
 * allocator that fails at each call. */
#include "guarded.h"

#define REQUIRE(condition, what) CHECK(condition, "%s", what)

#include "counting_allocator.h"
#include "row_checks.h"

#define MAGIC "\xF3\x89\x9A\xC2"
#define MAGIC_SIZE (sizeof MAGIC - 1)

/* Two keys, the second of them not UTF-8, and an explicit hash key. */
static const uint8_t TABLES[] = {0x0a, 3, 'k', 'e', 'y', 0x0a, 2, 0xff, 'x', 0x12, 2, '1', '7'};

/* User records: with both keys, without a hash key, and without data. */
static const uint8_t RECORDS[] = {
    0x1a, 8, 0x08, 1, 0x10, 0, 0x1a, 2, 'h', 'i', /* */
    0x1a, 5, 0x08, 0, 0x1a, 1, '!',               /* */
    0x1a, 4, 0x08, 0, 0x1a, 0,
};

static counts allocations = {.left = SIZE_MAX};

/* A payload whose message has the tables and `times` the records: from malloc. */
static kpl_bytes
new_aggregate(size_t times)
{
    kpl_bytes message = {.size = sizeof TABLES + times * sizeof RECORDS};
    size_t size = MAGIC_SIZE + message.size + KPL_DIGEST_SIZE;
    uint8_t *payload = malloc(size);
    CHECK(payload != NULL, "no memory");
    memcpy(payload, MAGIC, MAGIC_SIZE);
    memcpy(payload + MAGIC_SIZE, TABLES, sizeof TABLES);
    for (size_t i = 0; i < times; i++) {
        memcpy(payload + MAGIC_SIZE + sizeof TABLES + i * sizeof RECORDS, RECORDS, sizeof RECORDS);
    }
    message.data = payload + MAGIC_SIZE;
    kpl_md5(message, payload + MAGIC_SIZE + message.size);
    return (kpl_bytes){payload, size};
}

/* Builds batches and compares them. Appends `step` payloads at a time. */
static void
check_batches(const kpl_bytes *payloads, size_t count, bool verify, size_t step)
{
    kpl_allocator allocator = counting_allocator(&allocations);
    kpl_column_builder builder = kpl_column_builder_new(allocator, kpl_kernels_best(), verify);
    for (size_t i = 0; i < count; i += step) {
        size_t next = count - i < step ? count - i : step;
        CHECK(kpl_column_builder_append(&builder, payloads + i, next) == KPL_OK, "%zu", i);
    }
    kpl_batches batches = kpl_column_builder_finish(&builder);
    check_rows(&batches, payloads, count, verify, allocator);
    kpl_batches_release(&batches, &allocator);
    CHECK(allocations.in_use == 0, "%zu lost", allocations.in_use);
}

/* Every truncation of an aggregate, plain and null payloads among them. */
static void
check_payloads(void)
{
    static kpl_bytes payloads[512];
    kpl_bytes aggregate = new_aggregate(2);
    size_t count = 0;
    for (size_t size = 0; size <= aggregate.size; size++) {
        payloads[count++] = (kpl_bytes){aggregate.data, size};
        payloads[count++] = aggregate;
        payloads[count++] =
            size % 3 == 0 ? (kpl_bytes){NULL, 0} : (kpl_bytes){(const uint8_t *)"plain", size % 6};
    }
    CHECK(count < sizeof payloads / sizeof payloads[0], "%zu", count);
    for (size_t n = 0; n <= count; n++) {
        check_batches(payloads, n, n % 2 == 0, n % 37 + 1);
    }
    free((void *)aggregate.data);
}

/* Aggregates that fill a batch exactly, nearly and more than once. */
static void
check_limits_of_rows(void)
{
    for (size_t before = 0; before < 18; before += 3) {
        for (size_t times = 3329; times < 3336; times++) {
            kpl_bytes payloads[20];
            for (size_t i = 0; i < before; i++) {
                payloads[i] = (kpl_bytes){(const uint8_t *)"plain", i % 6};
            }
            payloads[before] = new_aggregate(times);
            payloads[before + 1] = payloads[before];
            check_batches(payloads, before + 2, true, 20);
            free((void *)payloads[before].data);
        }
    }
    kpl_bytes large = new_aggregate(20000);
    check_batches(&large, 1, true, 1);
    free((void *)large.data);
}

/* Payloads that fill a batch by their size. */
static void
check_limits_of_bytes(void)
{
    size_t size = KPL_BATCH_BYTES / 3;
    uint8_t *bytes = calloc(size + 2, 1);
    CHECK(bytes != NULL, "no memory");
    for (size_t less = 0; less < 3; less++) {
        kpl_bytes payloads[10];
        for (size_t i = 0; i < 10; i++) {
            payloads[i] = (kpl_bytes){bytes, size + 2 - less};
        }
        check_batches(payloads, 10, true, 3);
    }
    free(bytes);
}

static void
check_every_allocation_that_fails(void)
{
    kpl_bytes payloads[] = {new_aggregate(7000), {(const uint8_t *)"plain", 5}, {NULL, 0}};
    kpl_allocator allocator = counting_allocator(&allocations);
    kpl_status status = KPL_NO_MEMORY;
    size_t succeeding;
    for (succeeding = 0; status != KPL_OK; succeeding++) {
        allocations.left = succeeding;
        kpl_column_builder builder = kpl_column_builder_new(allocator, kpl_kernels_best(), true);
        status = kpl_column_builder_append(&builder, payloads, 3);
        CHECK(status == KPL_OK || status == KPL_NO_MEMORY, "%zu succeed: %d", succeeding, status);
        kpl_batches batches = kpl_column_builder_finish(&builder);
        kpl_batches_release(&batches, &allocator);
        CHECK(allocations.in_use == 0, "%zu succeed: %zu lost", succeeding, allocations.in_use);
    }
    CHECK(succeeding > 20, "%zu allocations", succeeding);
    allocations.left = SIZE_MAX;
    free((void *)payloads[0].data);
}

/* Digests side by side: any number of frames, of any status. */
static void
check_digests(void)
{
    kpl_bytes aggregate = new_aggregate(1);
    for (size_t count = 0; count <= KPL_MAX_FRAMES; count++) {
        kpl_checked_frame checked[KPL_MAX_FRAMES];
        kpl_checked_frame *frames[KPL_MAX_FRAMES];
        for (size_t i = 0; i < count; i++) {
            checked[i].status = kpl_frame_find(aggregate, &checked[i].frame);
            checked[i].frame.message.size -= i % 5 == 1;
            checked[i].status = i % 3 == 2 ? KPL_NOT_AGGREGATED : checked[i].status;
            frames[i] = &checked[i];
        }
        kpl_frames_check_digests(kpl_kernels_best(), frames, count);
        for (size_t i = 0; i < count; i++) {
            kpl_status expected = i % 3 == 2   ? KPL_NOT_AGGREGATED
                                  : i % 5 == 1 ? KPL_WRONG_DIGEST
                                               : KPL_OK;
            CHECK(checked[i].status == expected, "frame %zu of %zu", i, count);
        }
    }
    free((void *)aggregate.data);
}

int
main(void)
{
    check_payloads();
    check_limits_of_rows();
    check_limits_of_bytes();
    check_every_allocation_that_fails();
    check_digests();
    return 0;
}
