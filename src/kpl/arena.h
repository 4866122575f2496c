/* Memory for one decoded aggregate: handed out from a few chunks, given back all at once.
 *
 * protobuf-c asks for memory several times per user record; the arena makes each of these a
 * pointer bump and bounds what a hostile message can make it ask for. */
#ifndef KPL_ARENA_H
#define KPL_ARENA_H

#include "kpl/status.h"

typedef struct kpl_arena_chunk kpl_arena_chunk;

typedef struct {
    kpl_allocator allocator;
    kpl_arena_chunk *chunks; /* newest first; only that has room */
    size_t used;             /* bytes of the newest chunk that are handed out */
    size_t expected;         /* the least capacity of the next chunk */
    size_t handed_out;       /* bytes handed out since kpl_arena_begin */
    size_t cap;              /* what handed_out may reach */
    kpl_status failure; /* why an allocation failed since kpl_arena_begin; KPL_OK when none did */
} kpl_arena;

/* An arena that holds nothing yet. `allocator` is copied. */
kpl_arena
kpl_arena_new(kpl_allocator allocator);

/* Takes everything back that was handed out and sets a new cap. The newest chunk is kept for
 * reuse when it has room for `expected` bytes; otherwise the next chunk will have. */
void
kpl_arena_begin(kpl_arena *arena, size_t expected, size_t cap);

/* Memory for `size` bytes, aligned for any type of protobuf-c's, owned by the arena. NULL when the
 * cap or the allocator forbids it: arena->failure says which. */
void *
kpl_arena_allocate(kpl_arena *arena, size_t size);

/* Gives all memory back to the allocator. The arena can be used again. */
void
kpl_arena_release(kpl_arena *arena);

#endif
