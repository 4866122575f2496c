/* From a Kinesis record to its aggregate, with the memory that this takes. */
#ifndef DEAGG_DECODER_H
#define DEAGG_DECODER_H

#include "input/lookahead.h"
#include "input/source.h"
#include "kpl/message.h"

typedef struct {
    deagg_lookahead *lookahead; /* owned; NULL until it is needed */
    deagg_scratch scratch;      /* a payload that is decoded on its own */
    kpl_arena arena;            /* the aggregate */
} deagg_decoder;

/* An empty decoder. */
deagg_decoder
deagg_decoder_new(void);

/* An empty arena whose allocator is Python's raw one, which needs no GIL. */
kpl_arena
deagg_decoder_new_arena(void);

/* Unpacks a message, without the GIL if that pays. As kpl_message_unpack, except that a message
 * without user records is KPL_NO_RECORDS if its digest was not `verified`, since nothing else
 * vouches for it, and that KPL_NO_MEMORY becomes KPL_EXCEPTION with MemoryError. */
kpl_status
deagg_decoder_unpack(kpl_bytes message, bool verified, kpl_arena *arena,
                     const kpl_aggregate **aggregate);

/* Decodes and checks the payload of `kinesis_record` and unpacks its message. The record is item
 * `index` of `records`, an exact list or tuple; `records` is NULL if it came from an iterator. On
 * KPL_OK *aggregate is valid until the next call or deagg_decoder_release; otherwise it is not
 * set. */
kpl_status
deagg_decoder_decode(deagg_decoder *decoder, deagg_state *state, bool verify, PyObject *records,
                     Py_ssize_t index, const deagg_kinesis_record *kinesis_record,
                     const kpl_aggregate **aggregate);

/* Releases all memory. The decoder can be used again. */
void
deagg_decoder_release(deagg_decoder *decoder);

#endif
