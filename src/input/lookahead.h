/* Opens several payloads at once, so that their digests can be computed side by side.
 *
 * Looks ahead only into an exact list or tuple and only at payloads that are exact str or bytes:
 * these cannot change, and finding them shows as little as deagg_source_peek says. What was found
 * counts only when its record's turn comes with the very same payload object; otherwise that
 * payload is opened on its own. */
#ifndef DEAGG_LOOKAHEAD_H
#define DEAGG_LOOKAHEAD_H

#include "api/options.h"
#include "input/payload.h"

typedef struct deagg_lookahead deagg_lookahead;

/* A lookahead that has seen nothing; NULL with MemoryError. */
deagg_lookahead *
deagg_lookahead_new(void);

/* Gives everything back; NULL is harmless. */
void
deagg_lookahead_free(deagg_lookahead *lookahead);

/* Opens `payload`, which is that of item `index` of `records`, and some of those that follow. What
 * was opened before is forgotten. 0, or -1 with MemoryError or as deagg_source_peek. */
int
deagg_lookahead_fill(deagg_state *state, const deagg_options *options, deagg_lookahead *lookahead,
                     PyObject *records, Py_ssize_t index, PyObject *payload, bool is_text);

/* Asks for `payload`, now the one of item `index`, and text or not. 1 when it has been opened:
 * then *status is how it went, and on KPL_OK *message is valid until the next
 * deagg_lookahead_fill, or in `payload`; -1 when it has to be opened on its own, since its base64
 * is not clean; 0 when it was not looked at. Each outcome is handed out once. */
int
deagg_lookahead_take(deagg_lookahead *lookahead, Py_ssize_t index, PyObject *payload, bool is_text,
                     kpl_status *status, kpl_bytes *message);

/* Whether deagg_lookahead_fill has a use for `payload`. */
bool
deagg_lookahead_suits(PyObject *payload, bool is_text);

#endif
