/* A range of bytes: the one type that every file of src/kpl shares. */
#ifndef KPL_BYTES_H
#define KPL_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed. `data` may be NULL only when `size` is 0. */
typedef struct {
    const uint8_t *data;
    size_t size;
} kpl_bytes;

#endif
