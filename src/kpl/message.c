/* From message to user records through protobuf-c: see aggregate.h. */
#include "kpl/message.h"

#include <stdbool.h>

/* protobuf-c counts a repeated field's elements in an `unsigned`, and the cap below must fit a
 * size_t. */
#define MESSAGE_SIZE_LIMIT (SIZE_MAX / 64 < INT32_MAX ? SIZE_MAX / 64 : INT32_MAX)

/* What protobuf-c may take, in bytes per byte of message. The greediest known field is an empty
 * table entry, two bytes long: 16 bytes in its table and 32 to 64 in the list of scanned fields,
 * which grows by doubling, so up to 40 times its size. (An unknown field as short takes up to 48.)
 * The constant covers the first step of that doubling in a tiny message. */
#define CAP_FACTOR 41
#define CAP_CONSTANT 65536

/* A user record of a hundred bytes takes about this many times its size. */
#define EXPECTED_FACTOR 3

static void *
allocate_from_arena(void *arena, size_t size)
{
    return kpl_arena_allocate(arena, size);
}

static void
leave_to_arena(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static bool
indexes_lie_inside(const kpl_aggregate *aggregate)
{
    for (size_t i = 0; i < aggregate->n_records; i++) {
        const kpl_user_record *user_record = aggregate->records[i];
        if (user_record->partition_key_index >= aggregate->n_partition_key_table) {
            return false;
        }
        if (user_record->has_explicit_hash_key_index &&
            user_record->explicit_hash_key_index >= aggregate->n_explicit_hash_key_table) {
            return false;
        }
    }
    return true;
}

kpl_status
kpl_aggregate_decode(kpl_bytes message, kpl_arena *arena, const kpl_aggregate **aggregate)
{
    if (message.size > MESSAGE_SIZE_LIMIT) {
        return KPL_TOO_LARGE;
    }
    kpl_arena_begin(arena, message.size * EXPECTED_FACTOR,
                    message.size * CAP_FACTOR + CAP_CONSTANT);
    ProtobufCAllocator allocator = {allocate_from_arena, leave_to_arena, arena};
    const kpl_aggregate *decoded =
        kpl__aggregated_record__unpack(&allocator, message.size, message.data);
    if (decoded == NULL) {
        return arena->failure == KPL_OK ? KPL_BAD_MESSAGE : arena->failure;
    }
    if (!indexes_lie_inside(decoded)) {
        return KPL_BAD_INDEX;
    }
    *aggregate = decoded;
    return KPL_OK;
}
