/* Frames and messages in guarded memory: every truncation of a payload, every byte of it changed
 * to every other, unpacked with the digest checked and not checked, and with an allocator that
 * fails at each call. */
#include "guarded.h"

#include "kpl/message.h"
#include "counting_allocator.h"
#include "kpl/frame.h"
#include "kpl/simd/md5.h"

#include <string.h>

#define MAGIC "\xF3\x89\x9A\xC2"
#define MAGIC_SIZE (sizeof MAGIC - 1)

/* Every field of the schema, and unknown ones of each wire type. */
static const uint8_t MESSAGE[] = {
    0x0a, 3,    'k',  'e', 'y',                            /* a partition key */
    0x0a, 0,                                               /* an empty one */
    0x12, 2,    '1',  '7',                                 /* an explicit hash key */
    0x1a, 18,                                              /* a user record */
    0x08, 1,    0x10, 0,                                   /* its keys */
    0x1a, 2,    'h',  'i',                                 /* its data */
    0x22, 8,    0x0a, 1,   't',  0x12, 3,   't', 'a', 'g', /* its tag */
    0x1a, 4,    0x08, 0,   0x1a, 0,                        /* the smallest user record */
    0x20, 0x96, 1,                                         /* a varint */
    0x29, '1',  '2',  '3', '4',  '5',  '6', '7', '8',      /* 64 bits */
    0x32, 1,    '?',                                       /* bytes */
    0x3d, '1',  '2',  '3', '4',                            /* 32 bits */
};

#define PAYLOAD_SIZE (MAGIC_SIZE + sizeof MESSAGE + KPL_DIGEST_SIZE)

static uint8_t payload[PAYLOAD_SIZE];
static counts allocations = {.left = SIZE_MAX};
/* Receives the sums, so that no compiler removes the reads. */
volatile size_t sum_of_all;

/* Reads every byte, so that the sanitizers see a read outside of memory. */
static size_t
sum_of(kpl_bytes bytes)
{
    size_t sum = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        sum += bytes.data[i];
    }
    return sum;
}

static size_t
read_all(const kpl_aggregate *aggregate)
{
    size_t sum = 0;
    for (size_t i = 0; i < kpl_aggregate_user_record_count(aggregate); i++) {
        kpl_user_record record = kpl_aggregate_user_record(aggregate, i);
        CHECK(record.partition_key < kpl_aggregate_partition_key_count(aggregate), "record %zu",
              i);
        sum += sum_of(kpl_aggregate_partition_key(aggregate, record.partition_key));
        if (record.has_explicit_hash_key) {
            CHECK(record.explicit_hash_key < kpl_aggregate_explicit_hash_key_count(aggregate),
                  "record %zu", i);
            sum += sum_of(kpl_aggregate_explicit_hash_key(aggregate, record.explicit_hash_key));
        }
        sum += sum_of(record.data);
        for (size_t j = 0; j < record.tag_count; j++) {
            kpl_tag tag = kpl_aggregate_tag(aggregate, i, j);
            sum += sum_of(tag.key) + sum_of(tag.value);
        }
    }
    return sum;
}

/* Unpacks a message and reads every byte of the aggregate. */
static kpl_status
unpack(kpl_arena *arena, kpl_bytes message)
{
    const kpl_aggregate *aggregate;
    kpl_status status = kpl_message_unpack(message, arena, &aggregate);
    if (status == KPL_OK) {
        sum_of_all = read_all(aggregate);
    }
    return status;
}

/* Checks the first `size` bytes of the payload, copied to guarded memory, and its digest. Unpacks
 * the message even if the digest is wrong. */
static kpl_status
check_payload(kpl_arena *arena, uint8_t *memory, size_t size, place where)
{
    kpl_frame frame;
    uint8_t digest[KPL_DIGEST_SIZE];
    uint8_t *copy = guarded_at(memory, size, where);
    memcpy(copy, payload, size);
    kpl_status status = kpl_frame_check((kpl_bytes){copy, size}, &frame);
    if (status != KPL_OK) {
        return status;
    }
    kpl_md5(frame.message, digest);
    kpl_status digest_status = kpl_frame_check_digest(&frame, digest);
    status = unpack(arena, frame.message);
    CHECK(status != KPL_NO_MEMORY, "%zu bytes", size);
    /* Once more with the guard directly after the message, or directly before it. */
    uint8_t *message = guarded_at(memory, frame.message.size, where);
    memmove(message, frame.message.data, frame.message.size);
    CHECK(unpack(arena, (kpl_bytes){message, frame.message.size}) == status, "%zu bytes", size);
    return digest_status == KPL_OK ? status : digest_status;
}

static void
check_truncations(kpl_arena *arena, uint8_t *memory, place where)
{
    for (size_t size = 0; size <= PAYLOAD_SIZE; size++) {
        kpl_status expected = size < MAGIC_SIZE                      ? KPL_NOT_AGGREGATED
                              : size <= MAGIC_SIZE + KPL_DIGEST_SIZE ? KPL_TOO_SHORT
                              : size < PAYLOAD_SIZE                  ? KPL_WRONG_DIGEST
                                                                     : KPL_OK;
        CHECK(check_payload(arena, memory, size, where) == expected, "%zu bytes", size);
    }
}

static void
check_every_byte(kpl_arena *arena, uint8_t *memory, place where)
{
    for (size_t i = 0; i < PAYLOAD_SIZE; i++) {
        kpl_status expected = i < MAGIC_SIZE ? KPL_NOT_AGGREGATED : KPL_WRONG_DIGEST;
        uint8_t right = payload[i];
        for (int other = 1; other < 256; other++) {
            payload[i] = (uint8_t)(right ^ other);
            CHECK(check_payload(arena, memory, PAYLOAD_SIZE, where) == expected, "byte %zu is %d",
                  i, payload[i]);
        }
        payload[i] = right;
    }
}

/* The first characters of text, each replaced by every byte: "84mawg" to "84mawv" hold the magic.
 */
static void
check_text(uint8_t *memory, place where)
{
    for (size_t size = 0; size <= 6; size++) {
        uint8_t *text = guarded_at(memory, size, where);
        memcpy(text, "84mawg", size);
        for (size_t i = 0; i < size; i++) {
            for (int value = 0; value < 256; value++) {
                text[i] = (uint8_t)value;
                bool expected =
                    size == 6 && (i == 5 ? value >= 'g' && value <= 'v' : value == "84maw"[i]);
                kpl_bytes bytes = {text, size};
                CHECK(kpl_frame_text_starts_with_magic(bytes) == expected, "%d at %zu", value, i);
                CHECK(kpl_frame_text_may_hold_magic(bytes) == (expected || value == '='),
                      "%d at %zu of %zu", value, i, size);
            }
            text[i] = (uint8_t)"84mawg"[i];
        }
    }
}

static void
check_every_allocation_that_fails(kpl_bytes message)
{
    for (size_t succeeding = 0;; succeeding++) {
        allocations.left = succeeding;
        kpl_arena arena = kpl_arena_new(counting_allocator(&allocations));
        kpl_status status = unpack(&arena, message);
        kpl_arena_release(&arena);
        CHECK(allocations.in_use == 0, "%zu succeed: %zu lost", succeeding, allocations.in_use);
        if (status == KPL_OK) {
            CHECK(succeeding > 0, "no allocation was made");
            return;
        }
        CHECK(status == KPL_NO_MEMORY, "%zu succeed: %d", succeeding, status);
    }
}

int
main(void)
{
    kpl_bytes message = {MESSAGE, sizeof MESSAGE};
    memcpy(payload, MAGIC, MAGIC_SIZE);
    memcpy(payload + MAGIC_SIZE, message.data, message.size);
    kpl_md5(message, payload + MAGIC_SIZE + message.size);

    uint8_t *memory = guarded_new();
    kpl_arena arena = kpl_arena_new(counting_allocator(&allocations));
    for (place where = AT_START; where <= AT_END; where++) {
        check_truncations(&arena, memory, where);
        check_every_byte(&arena, memory, where);
        check_text(memory, where);
    }
    kpl_arena_release(&arena);
    CHECK(allocations.in_use == 0, "%zu lost", allocations.in_use);
    check_every_allocation_that_fails(message);
    return 0;
}
