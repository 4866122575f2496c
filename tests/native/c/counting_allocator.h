/* An allocator that counts its allocations and can be made to fail. */
#ifndef COUNTING_ALLOCATOR_H
#define COUNTING_ALLOCATOR_H

#include "kpl/arena.h"

#include <stdlib.h>

/* AddressSanitizer reports a malloc that is too large to succeed. */
#define LARGEST_ALLOCATION ((size_t)1 << 30)

typedef struct {
    size_t left;   /* how many allocations succeed before one fails */
    size_t in_use; /* how many have not been released */
    size_t made;   /* how many there were in total, and their bytes */
    size_t bytes;
} counts;

static void *
allocate_counted(void *context, size_t size)
{
    counts *allocations = context;
    if (allocations->left == 0 || size > LARGEST_ALLOCATION) {
        return NULL;
    }
    void *memory = malloc(size);
    if (memory != NULL) {
        allocations->left--;
        allocations->in_use++;
        allocations->made++;
        allocations->bytes += size;
    }
    return memory;
}

static void
release_counted(void *context, void *memory)
{
    counts *allocations = context;
    allocations->in_use -= memory != NULL;
    free(memory);
}

static inline kpl_allocator
counting_allocator(counts *allocations)
{
    return (kpl_allocator){allocate_counted, release_counted, allocations};
}

#endif
