/* Memory for one unpacked message: allocated from a few chunks, released all at once.
 *
 * protobuf-c allocates several times per user record. The arena makes each allocation a pointer
 * bump and limits how much a hostile message can use. */
#ifndef KPL_ARENA_H
#define KPL_ARENA_H

#include "kpl/status.h"

#include <stddef.h>
#include <stdint.h>

/* The source of memory. `allocate` returns NULL when there is none left; `release` accepts NULL.
 */
typedef struct {
    void *(*allocate)(void *context, size_t size);
    void (*release)(void *context, void *memory);
    void *context;
} kpl_allocator;

typedef struct kpl_arena_chunk kpl_arena_chunk;

typedef struct {
    kpl_allocator allocator;
    kpl_arena_chunk *chunks; /* newest first; only the newest has room */
    size_t used;             /* bytes allocated from the newest chunk */
    size_t expected;         /* the least capacity of the next chunk */
    size_t allocated;        /* bytes allocated since kpl_arena_begin */
    size_t cap;              /* the most that `allocated` may become */
    kpl_status failure;      /* why an allocation failed since kpl_arena_begin, or KPL_OK */
} kpl_arena;

/* An empty arena. `allocator` is copied. */
kpl_arena
kpl_arena_new(kpl_allocator allocator);

/* Empties the arena and sets a new cap. The newest chunk is kept if it has room for `expected`
 * bytes; otherwise the next chunk will. */
void
kpl_arena_begin(kpl_arena *arena, size_t expected, size_t cap);

/* Returns `size` bytes, owned by the arena and aligned for any type of protobuf-c. NULL when the
 * cap or the allocator does not allow it; arena->failure says which. */
void *
kpl_arena_allocate(kpl_arena *arena, size_t size);

/* Returns all memory to the allocator. The arena can be used again. */
void
kpl_arena_release(kpl_arena *arena);

#endif
