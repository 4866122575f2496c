/* A payload object: its bytes, decoded from base64 where the source sends text, and the message in
 * its frame. */
#ifndef DEAGG_PAYLOAD_H
#define DEAGG_PAYLOAD_H

#include "base/scratch.h"
#include "base/state.h"
#include "kpl/frame.h"

/* Whether `payload` is an exact bytes object or an exact ASCII str. Such a payload cannot change,
 * and reading it runs no user code. If so, *content is its content, borrowed. */
bool
deagg_payload_is_constant(PyObject *payload, kpl_bytes *content);

/* A quick look at a payload's content, base64 if `is_text`. KPL_OK if it may be an aggregate;
 * KPL_NOT_AGGREGATED and KPL_TOO_SHORT are final. */
kpl_status
deagg_payload_glance(kpl_bytes content, bool is_text);

/* Decodes a payload and checks its frame. `payload` is base64 in a str or a bytes-like object if
 * `is_text`, and otherwise a bytes-like object. The digest is checked only if `verify`. On KPL_OK
 * *message lies in *scratch until that is used again, or in `payload`; otherwise it is not set.
 * KPL_EXCEPTION comes with TypeError for an object of another type, MemoryError, or the exception
 * of the object's buffer. */
kpl_status
deagg_payload_check(deagg_state *state, PyObject *payload, bool is_text, bool verify,
                    deagg_scratch *scratch, kpl_bytes *message);

/* Decodes a payload. KPL_OK with a new reference to a bytes object in *bytes, KPL_NOT_BASE64 for
 * undecodable text, or KPL_EXCEPTION as above. */
kpl_status
deagg_payload_decode(deagg_state *state, PyObject *payload, bool is_text, PyObject **bytes);

#endif
