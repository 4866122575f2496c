/* Outcomes in words: see status.h. */
#include "kpl/status.h"

#include <stddef.h>

/* The docstring of AggregateError lists them. */
static const char *const REASONS[] = {
    [KPL_NOT_AGGREGATED] = "not aggregated",
    [KPL_NOT_BASE64] = "not base64",
    [KPL_TOO_SHORT] = "too short",
    [KPL_WRONG_DIGEST] = "wrong digest",
    [KPL_MALFORMED_MESSAGE] = "malformed message",
    [KPL_INDEX_OUTSIDE_TABLE] = "index outside its table",
    [KPL_NO_USER_RECORDS] = "no user records",
    [KPL_INVALID_HASH_KEY] = "invalid explicit hash key",
    [KPL_TOO_MUCH_MEMORY] = "needs too much memory",
};

const char *
kpl_status_reason(kpl_status status)
{
    return REASONS[status];
}
