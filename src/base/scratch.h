/* A buffer that grows and is reused from payload to payload. */
#ifndef DEAGG_SCRATCH_H
#define DEAGG_SCRATCH_H

#include "base/compat.h"

typedef struct {
    uint8_t *bytes; /* owned, from PyMem_RawMalloc; NULL in an empty buffer */
    size_t capacity;
} deagg_scratch;

/* Releases the memory. Safe on an empty buffer. */
static inline void
deagg_scratch_release(deagg_scratch *scratch)
{
    PyMem_RawFree(scratch->bytes);
    *scratch = (deagg_scratch){NULL, 0};
}

/* Makes room for `size` bytes and discards the content. 0, or -1 with MemoryError. */
static inline int
deagg_scratch_reserve(deagg_scratch *scratch, size_t size)
{
    if (scratch->bytes != NULL && size <= scratch->capacity) {
        return 0;
    }
    deagg_scratch_release(scratch);
    scratch->bytes = PyMem_RawMalloc(size);
    if (scratch->bytes == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    scratch->capacity = size;
    return 0;
}

#endif
