/* The arena: its cap, alignment, reuse, and an allocator that fails at each call. */
#include "guarded.h"

#include "kpl/arena.h"
#include "counting_allocator.h"

#include <string.h>

#define MOST 600

/* An allocation, filled to show that no two overlap. */
typedef struct {
    uint8_t *memory;
    size_t size;
} piece;

static void
fill(piece *pieces, size_t index)
{
    CHECK((uintptr_t)pieces[index].memory % 8 == 0, "alignment of piece %zu", index);
    memset(pieces[index].memory, (int)index, pieces[index].size);
}

static void
check_filled(const piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < pieces[i].size; j++) {
            CHECK(pieces[i].memory[j] == (uint8_t)i, "byte %zu of piece %zu", j, i);
        }
    }
}

/* Allocates pieces of every size up to MOST - 1 until one fails. Returns their number. */
static size_t
take_pieces(kpl_arena *arena)
{
    static piece pieces[MOST];
    size_t count = 0;
    for (; count < MOST; count++) {
        pieces[count].size = count;
        pieces[count].memory = kpl_arena_allocate(arena, count);
        if (pieces[count].memory == NULL) {
            break;
        }
        fill(pieces, count);
    }
    check_filled(pieces, count);
    return count;
}

static void
check_every_failure(void)
{
    size_t refused = 0;
    for (size_t succeeding = 0;; succeeding++) {
        counts allocations = {.left = succeeding};
        kpl_arena arena = kpl_arena_new(counting_allocator(&allocations));
        kpl_arena_begin(&arena, 0, SIZE_MAX);
        size_t taken = take_pieces(&arena);
        CHECK(arena.failure == (taken == MOST ? KPL_OK : KPL_NO_MEMORY), "%zu succeed",
              succeeding);
        kpl_arena_release(&arena);
        CHECK(allocations.in_use == 0, "%zu succeed: %zu lost", succeeding, allocations.in_use);
        if (taken == MOST) {
            break;
        }
        refused++;

        /* The arena works again after the next begin. */
        allocations.left = SIZE_MAX;
        kpl_arena_begin(&arena, 0, SIZE_MAX);
        CHECK(arena.failure == KPL_OK && take_pieces(&arena) == MOST, "%zu succeed", succeeding);
        kpl_arena_release(&arena);
        CHECK(allocations.in_use == 0, "%zu lost after all", allocations.in_use);
    }
    CHECK(refused > 3, "only %zu chunks", refused);
}

/* Every cap: pieces fill it to its last whole 8 bytes, and it applies again after each begin. */
static void
check_every_cap(void)
{
    counts allocations = {.left = SIZE_MAX};
    kpl_arena arena = kpl_arena_new(counting_allocator(&allocations));
    for (size_t cap = 0; cap < 10000; cap++) {
        size_t total = 0;
        kpl_arena_begin(&arena, cap / 3, cap);
        for (size_t size = 1 + cap % 50; total + (size + 7) / 8 * 8 <= cap; size = size % 50 + 1) {
            void *memory = kpl_arena_allocate(&arena, size);
            CHECK(memory != NULL, "cap %zu", cap);
            memset(memory, 0xff, size);
            total += (size + 7) / 8 * 8;
        }
        CHECK(arena.failure == KPL_OK, "cap %zu", cap);
        CHECK(kpl_arena_allocate(&arena, cap - total + 1) == NULL, "cap %zu", cap);
        CHECK(arena.failure == KPL_TOO_MUCH_MEMORY, "cap %zu", cap);
    }
    kpl_arena_release(&arena);
    CHECK(allocations.in_use == 0, "%zu lost", allocations.in_use);
}

static void
check_sizes_that_would_wrap_around(void)
{
    counts allocations = {.left = SIZE_MAX};
    kpl_arena arena = kpl_arena_new(counting_allocator(&allocations));
    for (size_t below = 0; below < 100; below++) {
        kpl_arena_begin(&arena, 0, 1000);
        CHECK(kpl_arena_allocate(&arena, 8) != NULL, "8 bytes");
        CHECK(kpl_arena_allocate(&arena, SIZE_MAX - below) == NULL, "SIZE_MAX - %zu", below);
        CHECK(arena.failure == KPL_TOO_MUCH_MEMORY, "SIZE_MAX - %zu", below);
        kpl_arena_begin(&arena, 0, SIZE_MAX);
        CHECK(kpl_arena_allocate(&arena, SIZE_MAX / 2 - below) == NULL, "half less %zu", below);
        CHECK(arena.failure == KPL_NO_MEMORY, "half less %zu", below);
    }
    kpl_arena_release(&arena);
    CHECK(allocations.in_use == 0, "%zu lost", allocations.in_use);
}

int
main(void)
{
    check_every_failure();
    check_every_cap();
    check_sizes_that_would_wrap_around();
    return 0;
}
