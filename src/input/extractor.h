/* Extracts the aggregate from a Kinesis record, with the memory that this takes: decodes the
 * payload, checks its frame and unpacks its message. */
#ifndef DEAGG_EXTRACTOR_H
#define DEAGG_EXTRACTOR_H

#include "input/kinesis_record.h"
#include "input/lookahead.h"
#include "kpl/message.h"

typedef struct {
    bool verify;                /* whether digests are checked */
    deagg_lookahead *lookahead; /* owned; NULL until it is needed */
    deagg_scratch scratch;      /* a payload that is decoded on its own */
    kpl_arena arena;            /* the aggregate */
} deagg_extractor;

/* An empty extractor. */
deagg_extractor
deagg_extractor_new(bool verify);

/* Extracts the aggregate from `kinesis_record`, item `index` of `records`, an exact list or tuple;
 * `records` is NULL if the record came from an iterator. On KPL_OK *aggregate is valid until the
 * next call or deagg_extractor_release; otherwise it is not set. */
kpl_status
deagg_extractor_extract(deagg_extractor *extractor, deagg_state *state, PyObject *records,
                        Py_ssize_t index, const deagg_kinesis_record *kinesis_record,
                        const kpl_aggregate **aggregate);

/* Releases all memory. The extractor can be used again. */
void
deagg_extractor_release(deagg_extractor *extractor);

/* An empty arena over Python's raw allocator, which needs no GIL. */
kpl_arena
deagg_arena_new(void);

/* kpl_message_unpack, without the GIL if that pays. Differs in that a message without user records
 * is KPL_NO_USER_RECORDS if `verify` is false, since nothing else vouches for it, and in that
 * KPL_NO_MEMORY becomes KPL_EXCEPTION with MemoryError. */
kpl_status
deagg_message_unpack(kpl_bytes message, bool verify, kpl_arena *arena,
                     const kpl_aggregate **aggregate);

#endif
