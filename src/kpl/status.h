/* The words that every step of src/kpl speaks: a range of bytes, an outcome, an allocator. */
#ifndef KPL_STATUS_H
#define KPL_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* A borrowed range of bytes. `data` may be NULL only when `size` is 0. */
typedef struct {
    const uint8_t *data;
    size_t size;
} kpl_bytes;

/* How a step ended. What is between KPL_NOT_AGGREGATED and KPL_NO_MEMORY is damage: the payload
 * claims to be an aggregate and is none. Some arise only where the steps are put together. */
typedef enum {
    KPL_OK,
    KPL_NOT_AGGREGATED, /* no magic: a plain payload */
    KPL_NOT_BASE64,
    KPL_TOO_SHORT,
    KPL_WRONG_DIGEST,
    KPL_BAD_MESSAGE,  /* protobuf-c rejects it: malformed, or a required field is missing */
    KPL_BAD_INDEX,    /* a user record refers to a key outside its table */
    KPL_NO_RECORDS,   /* without a digest check, a message that holds no user record vouches for
                         nothing */
    KPL_BAD_HASH_KEY, /* an explicit hash key is no decimal number below 2**128 */
    KPL_TOO_LARGE,    /* decoding needs more memory than an honest message of its size can */
    KPL_NO_MEMORY,    /* the allocator returned NULL */
} kpl_status;

/* Where memory comes from. `allocate` returns NULL when there is none; `release` takes NULL. */
typedef struct {
    void *(*allocate)(void *context, size_t size);
    void (*release)(void *context, void *memory);
    void *context;
} kpl_allocator;

#endif
