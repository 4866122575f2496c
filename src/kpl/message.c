/* protobuf-c, and the limits that it lacks: see message.h. */
#include "kpl/message.h"

/* protobuf-c counts a repeated field's elements in an `unsigned`, and the cap below must fit a
 * size_t. */
#define MESSAGE_SIZE_LIMIT (SIZE_MAX / 64 < INT32_MAX ? SIZE_MAX / 64 : INT32_MAX)

/* The most memory that protobuf-c may use, in bytes per byte of message. The most expensive known
 * field is an empty table entry, two bytes long: 16 bytes in its table, and 32 to 64 bytes in the
 * list of scanned fields, which grows by doubling. That is up to 40 times its size. (An unknown
 * field of two bytes takes up to 48 times its size.) The constant covers the first step of that
 * doubling in a tiny message. */
#define CAP_FACTOR 41
#define CAP_CONSTANT 65536

/* A user record of a hundred bytes takes about this many times its size. */
#define EXPECTED_FACTOR 3

static void *
allocate_from_arena(void *arena, size_t size)
{
    return kpl_arena_allocate(arena, size);
}

/* The arena is released as a whole. */
static void
ignore_release(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static bool
all_indexes_are_inside(const kpl_aggregate *aggregate)
{
    for (size_t i = 0; i < aggregate->n_records; i++) {
        const Kpl__Record *record = aggregate->records[i];
        if (record->partition_key_index >= aggregate->n_partition_key_table) {
            return false;
        }
        if (record->has_explicit_hash_key_index &&
            record->explicit_hash_key_index >= aggregate->n_explicit_hash_key_table) {
            return false;
        }
    }
    return true;
}

kpl_status
kpl_message_unpack(kpl_bytes message, kpl_arena *arena, const kpl_aggregate **aggregate)
{
    if (message.size > MESSAGE_SIZE_LIMIT) {
        return KPL_TOO_LARGE;
    }
    kpl_arena_begin(arena, message.size * EXPECTED_FACTOR,
                    message.size * CAP_FACTOR + CAP_CONSTANT);
    ProtobufCAllocator allocator = {allocate_from_arena, ignore_release, arena};
    const kpl_aggregate *unpacked =
        kpl__aggregated_record__unpack(&allocator, message.size, message.data);
    if (unpacked == NULL) {
        return arena->failure == KPL_OK ? KPL_BAD_MESSAGE : arena->failure;
    }
    if (!all_indexes_are_inside(unpacked)) {
        return KPL_BAD_INDEX;
    }
    *aggregate = unpacked;
    return KPL_OK;
}

const char *
kpl_message_protobuf_c_version(void)
{
    return protobuf_c_version();
}
