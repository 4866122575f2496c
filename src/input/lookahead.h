/* Decodes several payloads of a list at once and computes their digests side by side, one in each
 * lane of the MD5 kernel.
 *
 * Looks ahead only in an exact list or tuple, and only at payloads that are exact bytes or str:
 * these cannot change, and looking at them runs no user code except as
 * deagg_kinesis_record_find_payload says. A result counts only when its record's turn comes with
 * the same payload object; otherwise that payload is decoded on its own. */
#ifndef DEAGG_LOOKAHEAD_H
#define DEAGG_LOOKAHEAD_H

#include "base/scratch.h"
#include "input/kinesis_record.h"
#include "kpl/frame.h"

typedef struct deagg_lookahead deagg_lookahead;

/* The result for one payload. */
typedef struct {
    PyObject *payload; /* strong, until the result is taken */
    Py_ssize_t index;  /* of its Kinesis record in the list */
    bool is_base64;
    kpl_bytes content;         /* of the payload, borrowed */
    size_t offset;             /* of the decoded text in the scratch memory */
    kpl_checked_frame checked; /* lies in the scratch memory or in the payload; KPL_NOT_BASE64: not
                                  clean base64, to be decoded on its own */
} deagg_lookahead_result;

/* An empty lookahead, or NULL with MemoryError. */
deagg_lookahead *
deagg_lookahead_new(void);

/* Releases everything. `lookahead` may be NULL. */
void
deagg_lookahead_free(deagg_lookahead *lookahead);

/* Discards earlier results, then decodes and checks the payload of `kinesis_record` together with
 * suitable payloads that follow it. The record is item `index` of `records`, an exact list or
 * tuple; its payload has the borrowed `content`, and may be an aggregate at a glance. Digests
 * are checked only if `verify`. 0, or -1 with MemoryError or as deagg_kinesis_record_find_payload.
 */
int
deagg_lookahead_fill(deagg_lookahead *lookahead, deagg_state *state, bool verify,
                     PyObject *records, Py_ssize_t index,
                     const deagg_kinesis_record *kinesis_record, kpl_bytes content);

/* Takes the result for the payload of `kinesis_record`, item `index` of the records: borrowed,
 * valid until the next deagg_lookahead_fill, and returned only once. NULL if there is none.
 * `lookahead` may be NULL. */
const deagg_lookahead_result *
deagg_lookahead_take_result(deagg_lookahead *lookahead, Py_ssize_t index,
                            const deagg_kinesis_record *kinesis_record);

#endif
