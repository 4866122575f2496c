/* The arena behind protobuf-c's allocator interface: see arena.h. */
#include "kpl/arena.h"

/* protobuf-c allocates nothing wider than pointers and uint64_t. */
#define ALIGNMENT 8

#define SMALLEST_CHUNK 4096

struct kpl_arena_chunk {
    kpl_arena_chunk *older;
    size_t capacity;
    uint64_t memory[]; /* `capacity` bytes */
};

kpl_arena
kpl_arena_new(kpl_allocator allocator)
{
    return (kpl_arena){.allocator = allocator};
}

static void
release_chunks(kpl_arena *arena, kpl_arena_chunk *chunk)
{
    while (chunk != NULL) {
        kpl_arena_chunk *older = chunk->older;
        arena->allocator.release(arena->allocator.context, chunk);
        chunk = older;
    }
}

void
kpl_arena_release(kpl_arena *arena)
{
    release_chunks(arena, arena->chunks);
    *arena = kpl_arena_new(arena->allocator);
}

/* Adds a chunk with room for `size` bytes. Returns whether there was memory for it. Each chunk is
 * as large as all before it together, which keeps them few: chunks of equal size took up to 1.7
 * times as long with many small user records. */
static bool
add_chunk(kpl_arena *arena, size_t size)
{
    size_t capacity = arena->expected < SMALLEST_CHUNK ? SMALLEST_CHUNK : arena->expected;
    if (capacity > arena->cap - arena->allocated) {
        capacity = arena->cap - arena->allocated;
    }
    capacity = size > capacity ? size : capacity;
    if (capacity > SIZE_MAX / 2 - sizeof(kpl_arena_chunk)) {
        return false;
    }
    kpl_arena_chunk *chunk =
        arena->allocator.allocate(arena->allocator.context, sizeof(kpl_arena_chunk) + capacity);
    if (chunk == NULL) {
        return false;
    }
    chunk->older = arena->chunks;
    chunk->capacity = capacity;
    arena->chunks = chunk;
    arena->used = 0;
    arena->expected = capacity * 2;
    return true;
}

void
kpl_arena_begin(kpl_arena *arena, size_t expected, size_t cap)
{
    kpl_arena_chunk *newest = arena->chunks;
    if (newest != NULL && newest->capacity < expected) {
        kpl_arena_release(arena);
    }
    else if (newest != NULL) {
        release_chunks(arena, newest->older);
        newest->older = NULL;
    }
    arena->used = 0;
    arena->expected = expected;
    arena->allocated = 0;
    arena->cap = cap;
    arena->failure = KPL_OK;
}

void *
kpl_arena_allocate(kpl_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        arena->failure = KPL_TOO_LARGE;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > arena->cap - arena->allocated) {
        arena->failure = KPL_TOO_LARGE;
        return NULL;
    }
    if ((arena->chunks == NULL || size > arena->chunks->capacity - arena->used) &&
        !add_chunk(arena, size)) {
        arena->failure = KPL_NO_MEMORY;
        return NULL;
    }
    void *memory = (unsigned char *)arena->chunks->memory + arena->used;
    arena->used += size;
    arena->allocated += size;
    return memory;
}
