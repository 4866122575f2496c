/* For all libFuzzer targets. */
#ifndef FUZZ_H
#define FUZZ_H

#include "kpl/bytes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the process unless `holds`. libFuzzer then keeps the input. */
static inline void
expect(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

/* Allocates exactly `size` bytes, so that AddressSanitizer guards both ends. NULL for 0, since
 * malloc(0) may be read. The caller frees it. */
static inline uint8_t *
exact_memory(size_t size)
{
    uint8_t *memory = size == 0 ? NULL : malloc(size);
    expect(size == 0 || memory != NULL, "there is memory");
    return memory;
}

static inline void
copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size > 0) {
        memcpy(to, from, size);
    }
}

/* Copies `size` bytes to memory of exactly that size. The caller frees `data` of the result. */
static inline kpl_bytes
exact_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = exact_memory(size);
    copy_bytes(copy, data, size);
    return (kpl_bytes){copy, size};
}

static inline bool
same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
    return size == 0 || memcmp(a, b, size) == 0;
}

/* Called by libFuzzer with each input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
