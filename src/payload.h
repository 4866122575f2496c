/* From a payload object to the message inside: base64, magic, digest. */
#ifndef DEAGG_PAYLOAD_H
#define DEAGG_PAYLOAD_H

#include "kpl/frame.h"
#include "state.h"

/* The GIL is let go around work on this many bytes or more; for less, letting go costs more than
 * it brings. */
#define DEAGG_GIL_THRESHOLD 16384

/* Memory that grows and is used again from payload to payload. */
typedef struct {
    uint8_t *bytes; /* owned, from PyMem_RawMalloc */
    size_t capacity;
} deagg_scratch;

/* Makes room for `size` bytes; what was there is lost. 0, or -1 with MemoryError. */
int
deagg_scratch_reserve(deagg_scratch *scratch, size_t size);

void
deagg_scratch_release(deagg_scratch *scratch);

/* Opens a payload that is base64 in a str or a bytes-like object. 0 with *status set to how it
 * went, or -1 with TypeError for an object of another type, MemoryError, or what the object's
 * buffer raises. On KPL_OK the digest is right and *message lies in *scratch until that is used
 * again; it is not set otherwise. */
int
deagg_payload_open(deagg_state *state, PyObject *payload, deagg_scratch *scratch,
                   kpl_status *status, kpl_bytes *message);

#endif
