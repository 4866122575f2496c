/* The outcome of each step between a payload and its user records. */
#ifndef KPL_STATUS_H
#define KPL_STATUS_H

#include <stdbool.h>

/* Some values arise only where the steps are put together, outside src/kpl. */
typedef enum {
    KPL_OK,
    KPL_NOT_AGGREGATED, /* without the magic: a plain payload */
    KPL_NOT_BASE64,
    KPL_TOO_SHORT,
    KPL_WRONG_DIGEST,
    KPL_MALFORMED_MESSAGE,   /* rejected by protobuf-c: malformed, or without a required field */
    KPL_INDEX_OUTSIDE_TABLE, /* a user record refers to a key outside its table */
    KPL_NO_USER_RECORDS,     /* a message without user records whose digest was not checked */
    KPL_INVALID_HASH_KEY,    /* an explicit hash key is not a decimal number below 2**128 */
    KPL_TOO_MUCH_MEMORY,     /* needs more than any sound message of its size, or is above 2 GiB */
    KPL_NO_MEMORY,           /* the allocator returned NULL */
    KPL_EXCEPTION, /* the caller's own failure: in the extension, a Python exception is set */
} kpl_status;

/* Whether the payload claims to be an aggregate but is not one. Relies on the order above. */
static inline bool
kpl_status_is_damage(kpl_status status)
{
    return status > KPL_NOT_AGGREGATED && status < KPL_NO_MEMORY;
}

/* The reason for damage or KPL_NOT_AGGREGATED, in words. Never NULL. */
const char *
kpl_status_reason(kpl_status status);

#endif
