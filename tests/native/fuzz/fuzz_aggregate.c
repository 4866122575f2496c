/* frame.c, message.c, arena.c and writer.c, with protobuf-c below them. The input is used twice:
 * as a message, to which the magic and the digest are added here, and as a whole payload. */
#include "fuzz.h"

#include "kpl/message.h"
#include "counting_allocator.h"
#include "kpl/frame.h"
#include "kpl/simd/md5.h"
#include "kpl/writer.h"

static const uint8_t MAGIC[] = {0xF3, 0x89, 0x9A, 0xC2};

/* The cap of message.c, which no sound message reaches. A message of unknown fields can reach it
 * from this size on: they take up to 48 times their size, and the cap is 41 times the size plus
 * these bytes. */
#define ARENA_CAP(size) (41 * (size) + 65536)
#define LEAST_TOO_LARGE (65536 / (48 - 41))

/* Checks kpl_frame_find on any payload. Returns whether it has a frame and the right digest. */
static bool
check_frame(kpl_bytes payload)
{
    kpl_frame frame;
    kpl_status status = kpl_frame_find(payload, &frame);
    bool has_magic =
        payload.size >= sizeof MAGIC && memcmp(payload.data, MAGIC, sizeof MAGIC) == 0;
    size_t least = sizeof MAGIC + 1 + KPL_DIGEST_SIZE;
    kpl_status expected = !has_magic             ? KPL_NOT_AGGREGATED
                          : payload.size < least ? KPL_TOO_SHORT
                                                 : KPL_OK;
    expect(status == expected, "the frame's status");
    if (status != KPL_OK) {
        return false;
    }
    expect(frame.message.data == payload.data + sizeof MAGIC, "the message follows the magic");
    expect(frame.message.data + frame.message.size == frame.digest, "the digest follows");
    expect(frame.digest + KPL_DIGEST_SIZE == payload.data + payload.size, "and ends the payload");
    uint8_t digest[KPL_DIGEST_SIZE];
    kpl_md5(frame.message, digest);
    return kpl_frame_check_digest(&frame, digest) == KPL_OK;
}

static void
check_framed(kpl_bytes message)
{
    size_t size = sizeof MAGIC + message.size + KPL_DIGEST_SIZE;
    uint8_t *payload = exact_memory(size);
    uint8_t *digest = payload + sizeof MAGIC + message.size;
    memcpy(payload, MAGIC, sizeof MAGIC);
    copy_bytes(payload + sizeof MAGIC, message.data, message.size);
    kpl_md5(message, digest);
    expect(check_frame((kpl_bytes){payload, size}) == (message.size > 0), "the digest is right");
    digest[message.size % KPL_DIGEST_SIZE] ^= 1;
    expect(!check_frame((kpl_bytes){payload, size}), "the digest is wrong");
    free(payload);
}

/* A checksum over every byte of an aggregate. */

static uint64_t
add_number(uint64_t checksum, uint64_t number)
{
    return (checksum ^ number) * 0x100000001b3u;
}

static uint64_t
add_bytes(uint64_t checksum, ProtobufCBinaryData bytes)
{
    checksum = add_number(checksum, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        checksum = add_number(checksum, bytes.data[i]);
    }
    return checksum;
}

static uint64_t
add_table(uint64_t checksum, const ProtobufCBinaryData *table, size_t count)
{
    checksum = add_number(checksum, count);
    for (size_t i = 0; i < count; i++) {
        checksum = add_bytes(checksum, table[i]);
    }
    return checksum;
}

static uint64_t
add_user_record(uint64_t checksum, const Kpl__Record *record)
{
    checksum = add_number(checksum, record->partition_key_index);
    checksum = add_number(checksum, record->has_explicit_hash_key_index != 0);
    checksum = add_number(checksum, record->explicit_hash_key_index);
    checksum = add_bytes(checksum, record->data);
    for (size_t i = 0; i < record->n_tags; i++) {
        checksum = add_bytes(checksum, record->tags[i]->key);
        if (record->tags[i]->has_value) {
            checksum = add_bytes(checksum, record->tags[i]->value);
        }
    }
    return checksum;
}

static uint64_t
checksum_of(const kpl_aggregate *aggregate)
{
    uint64_t checksum = 0xcbf29ce484222325u;
    checksum =
        add_table(checksum, aggregate->partition_key_table, aggregate->n_partition_key_table);
    checksum = add_table(checksum, aggregate->explicit_hash_key_table,
                         aggregate->n_explicit_hash_key_table);
    for (size_t i = 0; i < aggregate->n_records; i++) {
        checksum = add_user_record(checksum, aggregate->records[i]);
    }
    return checksum;
}

static bool
has_bad_index(const kpl_aggregate *aggregate)
{
    bool bad = false;
    for (size_t i = 0; i < aggregate->n_records; i++) {
        const Kpl__Record *record = aggregate->records[i];
        bad |= record->partition_key_index >= aggregate->n_partition_key_table;
        bad |= record->has_explicit_hash_key_index &&
               record->explicit_hash_key_index >= aggregate->n_explicit_hash_key_table;
    }
    return bad;
}

/* Unpacks the message and sets the checksum of its aggregate. Each of protobuf-c's allocations is
 * a malloc of its own, so that AddressSanitizer sees both ends. */
static kpl_status
unpack_without_arena(kpl_bytes message, uint64_t *checksum)
{
    kpl_aggregate *aggregate = kpl__aggregated_record__unpack(NULL, message.size, message.data);
    if (aggregate == NULL) {
        return KPL_MALFORMED_MESSAGE;
    }
    kpl_status status = has_bad_index(aggregate) ? KPL_INDEX_OUTSIDE_TABLE : KPL_OK;
    *checksum = checksum_of(aggregate);
    kpl__aggregated_record__free_unpacked(aggregate, NULL);
    return status;
}

/* Every accessor, whose assertions are on here, against protobuf-c's own fields. */
static void
check_accessors(const kpl_aggregate *aggregate)
{
    for (size_t i = 0; i < kpl_aggregate_user_record_count(aggregate); i++) {
        const Kpl__Record *record = aggregate->records[i];
        kpl_user_record read = kpl_aggregate_user_record(aggregate, i);
        kpl_bytes key = kpl_aggregate_partition_key(aggregate, read.partition_key_index);
        expect(key.data == aggregate->partition_key_table[record->partition_key_index].data,
               "the partition key");
        expect(read.has_explicit_hash_key == (record->has_explicit_hash_key_index != 0),
               "whether there is an explicit hash key");
        if (read.has_explicit_hash_key) {
            key = kpl_aggregate_explicit_hash_key(aggregate, read.explicit_hash_key_index);
            expect(key.data ==
                       aggregate->explicit_hash_key_table[record->explicit_hash_key_index].data,
                   "the explicit hash key");
        }
        expect(read.data.data == record->data.data && read.data.size == record->data.len,
               "the data");
        for (size_t j = 0; j < read.tag_count; j++) {
            kpl_tag tag = kpl_aggregate_tag(aggregate, i, j);
            expect(tag.key.data == record->tags[j]->key.data, "the tag");
        }
    }
}

/* Writes all tags of a user record to memory of exactly their size, which the caller frees. */
static kpl_bytes
write_tags(const kpl_aggregate *aggregate, size_t index, size_t tag_count)
{
    size_t size = 0;
    for (size_t i = 0; i < tag_count; i++) {
        kpl_tag tag = kpl_aggregate_tag(aggregate, index, i);
        size += kpl_tag_size(tag.key, tag.has_value ? &tag.value : NULL);
    }
    uint8_t *tags = exact_memory(size);
    uint8_t *to = tags;
    for (size_t i = 0; i < tag_count; i++) {
        kpl_tag tag = kpl_aggregate_tag(aggregate, index, i);
        to = kpl_write_tag(to, tag.key, tag.has_value ? &tag.value : NULL);
    }
    expect(size == 0 || to == tags + size, "the size of the tags");
    return (kpl_bytes){tags, size};
}

/* User record `index` for the writer. The caller frees its tags. */
static kpl_written_record
record_to_write(const kpl_aggregate *aggregate, size_t index)
{
    kpl_user_record read = kpl_aggregate_user_record(aggregate, index);
    return (kpl_written_record){
        .partition_key_index = read.partition_key_index,
        .explicit_hash_key_index =
            read.has_explicit_hash_key ? read.explicit_hash_key_index : KPL_NO_INDEX,
        .data = read.data,
        .tags = write_tags(aggregate, index, read.tag_count),
    };
}

/* Writes `aggregate` to `to`, unless that is NULL; returns its size. */
static size_t
write_message(const kpl_aggregate *aggregate, uint8_t *to)
{
    size_t size = 0;
    for (size_t i = 0; i < kpl_aggregate_partition_key_count(aggregate); i++) {
        kpl_bytes key = kpl_aggregate_partition_key(aggregate, i);
        size += kpl_partition_key_size(key);
        to = to == NULL ? NULL : kpl_write_partition_key(to, key);
    }
    for (size_t i = 0; i < kpl_aggregate_explicit_hash_key_count(aggregate); i++) {
        kpl_bytes key = kpl_aggregate_explicit_hash_key(aggregate, i);
        size += kpl_explicit_hash_key_size(key);
        to = to == NULL ? NULL : kpl_write_explicit_hash_key(to, key);
    }
    for (size_t i = 0; i < kpl_aggregate_user_record_count(aggregate); i++) {
        kpl_written_record record = record_to_write(aggregate, i);
        size += kpl_record_size(&record);
        to = to == NULL ? NULL : kpl_write_record(to, &record);
        free((void *)record.tags.data);
    }
    return size;
}

/* An aggregate that is written is read as the same one. */
static void
check_writing(const kpl_aggregate *aggregate)
{
    size_t size = write_message(aggregate, NULL);
    uint8_t *written = exact_memory(size);
    write_message(aggregate, written);
    uint64_t checksum = 0;
    kpl_status status = unpack_without_arena((kpl_bytes){written, size}, &checksum);
    expect(status == KPL_OK, "what was written is sound");
    expect(checksum == checksum_of(aggregate), "and the same");
    free(written);
}

static void
check_unpacking(kpl_bytes message, kpl_arena *arena, kpl_status expected, uint64_t checksum)
{
    const kpl_aggregate *aggregate = NULL;
    kpl_status status = kpl_message_unpack(message, arena, &aggregate);
    expect(arena->allocated <= ARENA_CAP(message.size), "the cap");
    if (status == KPL_TOO_MUCH_MEMORY) {
        expect(message.size > LEAST_TOO_LARGE, "messages that are too large");
    }
    else {
        expect(status == expected, "the same status as without the arena");
    }
    expect((status == KPL_OK) == (aggregate != NULL), "an aggregate only on success");
    if (status == KPL_OK) {
        expect(checksum_of(aggregate) == checksum, "the same aggregate");
        check_accessors(aggregate);
        check_writing(aggregate);
    }
}

static void
check_message(kpl_bytes message)
{
    uint64_t checksum = 0;
    kpl_status expected = unpack_without_arena(message, &checksum);
    counts memory = {.left = SIZE_MAX};
    kpl_arena arena = kpl_arena_new(counting_allocator(&memory));
    check_unpacking(message, &arena, expected, checksum);
    /* arena.c: chunks double, and the last has room for the rest of the cap. */
    expect(memory.bytes <= 3 * ARENA_CAP(message.size), "memory taken is bounded");
    size_t calls = memory.made;
    for (size_t allowed = 0; allowed < calls; allowed++) {
        kpl_arena_release(&arena);
        memory.left = allowed;
        const kpl_aggregate *none = NULL;
        expect(kpl_message_unpack(message, &arena, &none) == KPL_NO_MEMORY, "no memory");
        expect(none == NULL, "no aggregate without memory");
    }
    memory.left = SIZE_MAX;
    check_unpacking(message, &arena, expected, checksum);
    kpl_arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kpl_bytes input = exact_copy(data, size);
    check_frame(input);
    check_framed(input);
    check_message(input);
    free((void *)input.data);
    return 0;
}
