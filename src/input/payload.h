/* From a payload object to its bytes and to the message inside: base64, magic, digest. */
#ifndef DEAGG_PAYLOAD_H
#define DEAGG_PAYLOAD_H

#include "kpl/frame.h"
#include "base/scratch.h"
#include "base/state.h"

/* The GIL is let go around work on this many bytes or more. For less, the wait until another
 * thread gives it back costs more than is gained: measured with two threads, 16 KiB made many
 * small aggregates 1.6 times slower. */
#define DEAGG_GIL_THRESHOLD 131072

/* Opens a payload: base64 in a str or a bytes-like object if `is_text`, or else a bytes-like
 * object that is the payload itself. The digest is checked only if `verify`. 0 with *status set to
 * how it went, or -1 with TypeError for an object of another type, MemoryError, or what the
 * object's buffer raises. On KPL_OK *message lies in *scratch until that is used again, or in
 * `payload`; it is not set otherwise. */
int
deagg_payload_open(deagg_state *state, PyObject *payload, bool is_text, bool verify,
                   deagg_scratch *scratch, kpl_status *status, kpl_bytes *message);

/* The bytes of the same: a new reference to a bytes object, or NULL: without an exception for text
 * that does not decode, with one on error. */
PyObject *
deagg_payload_bytes(deagg_state *state, PyObject *payload, bool is_text);

/* A new str, the base64 of `bytes`; NULL with MemoryError. */
PyObject *
deagg_payload_text(deagg_state *state, kpl_bytes bytes);

#endif
