/* The writer in guarded memory: it writes exactly as many bytes as it announces, and the reader
 * returns what was written, at every size where a varint becomes longer. */
#include "guarded.h"

#include "counting_allocator.h"
#include "kpl/frame.h"
#include "kpl/message.h"
#include "kpl/simd/md5.h"
#include "kpl/writer.h"

#include <string.h>

#define MOST_KEYS 130
#define MOST_BYTES 20000

static uint8_t bytes[MOST_BYTES];

/* Writes a user record with the last of `key_count` keys, and reads it again. */
static void
check(uint8_t *memory, place where, size_t key_count, bool has_hash_key, size_t data_size,
      size_t tag_size)
{
    uint8_t tags[2 * MOST_BYTES];
    kpl_bytes key = {bytes, 3};
    kpl_bytes tag = {bytes, tag_size};
    kpl_written_record record = {
        .partition_key_index = key_count - 1,
        .explicit_hash_key_index = has_hash_key ? 0 : KPL_NO_INDEX,
        .data = {bytes, data_size},
        .tags = {tags, tag_size == 0 ? 0 : kpl_tag_size(tag, NULL) + kpl_tag_size(key, &tag)},
    };
    if (tag_size > 0) {
        uint8_t *end = kpl_write_tag(kpl_write_tag(tags, tag, NULL), key, &tag);
        CHECK((size_t)(end - tags) == record.tags.size, "tags of %zu", tag_size);
    }
    size_t size = KPL_FRAME_SIZE + key_count * kpl_partition_key_size(key) +
                  (has_hash_key ? kpl_explicit_hash_key_size(key) : 0) + kpl_record_size(&record);
    uint8_t *payload = guarded_at(memory, size, where);
    uint8_t *message = kpl_write_magic(payload);
    uint8_t *to = message;
    for (size_t i = 0; i < key_count; i++) {
        to = kpl_write_partition_key(to, key);
    }
    to = has_hash_key ? kpl_write_explicit_hash_key(to, key) : to;
    to = kpl_write_record(to, &record);
    to = kpl_write_digest(to, (kpl_bytes){message, (size_t)(to - message)});
    CHECK(to == payload + size, "%zu keys, %zu bytes", key_count, data_size);

    kpl_frame frame;
    uint8_t digest[KPL_DIGEST_SIZE];
    CHECK(kpl_frame_find((kpl_bytes){payload, size}, &frame) == KPL_OK, "%zu", size);
    kpl_md5(frame.message, digest);
    CHECK(kpl_frame_check_digest(&frame, digest) == KPL_OK, "%zu", size);
    counts allocations = {.left = SIZE_MAX};
    kpl_arena arena = kpl_arena_new(counting_allocator(&allocations));
    const kpl_aggregate *aggregate;
    CHECK(kpl_message_unpack(frame.message, &arena, &aggregate) == KPL_OK, "%zu", size);
    kpl_user_record read = kpl_aggregate_user_record(aggregate, 0);
    CHECK(kpl_aggregate_user_record_count(aggregate) == 1, "%zu", size);
    CHECK(read.partition_key_index == key_count - 1, "%zu", read.partition_key_index);
    CHECK(read.has_explicit_hash_key == has_hash_key, "%d", has_hash_key);
    CHECK(read.data.size == data_size, "%zu", read.data.size);
    CHECK(data_size == 0 || memcmp(read.data.data, bytes, data_size) == 0, "%zu", data_size);
    CHECK(read.tag_count == (tag_size == 0 ? 0 : 2), "%zu", read.tag_count);
    if (tag_size > 0) {
        CHECK(!kpl_aggregate_tag(aggregate, 0, 0).has_value, "tag of %zu", tag_size);
        CHECK(kpl_aggregate_tag(aggregate, 0, 1).value.size == tag_size, "tag of %zu", tag_size);
    }
    kpl_arena_release(&arena);
}

int
main(void)
{
    static const size_t sizes[] = {0,   1,   110, 111, 120,   121,   122,   123,   124,  125,
                                   126, 127, 128, 129, 16300, 16370, 16383, 16384, 19000};
    static const size_t key_counts[] = {1, 2, 128, 129, MOST_KEYS};
    size_t size_count = sizeof sizes / sizeof sizes[0];
    uint8_t *memory = guarded_new();
    for (size_t i = 0; i < MOST_BYTES; i++) {
        bytes[i] = (uint8_t)('a' + i % 26);
    }
    for (place where = AT_START; where <= AT_END; where++) {
        for (size_t k = 0; k < sizeof key_counts / sizeof key_counts[0]; k++) {
            for (size_t i = 0; i < size_count; i++) {
                check(memory, where, key_counts[k], i % 2 == 0, sizes[i], 0);
                check(memory, where, key_counts[k], i % 2 == 1, sizes[i],
                      sizes[size_count - i - 1]);
            }
        }
    }
    return 0;
}
