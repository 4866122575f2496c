/* From a Kinesis record to the aggregate inside, with all the memory that this takes. */
#ifndef DEAGG_READER_H
#define DEAGG_READER_H

#include "kpl/message.h"
#include "input/lookahead.h"
#include "input/source.h"

typedef struct {
    deagg_lookahead *lookahead; /* owned; NULL until it is needed */
    deagg_scratch scratch;      /* a payload opened on its own */
    kpl_arena arena;            /* the aggregate */
} deagg_reader;

/* A reader that holds nothing. */
deagg_reader
deagg_reader_new(void);

/* An arena that holds nothing, with Python's allocator that needs no GIL behind it. */
kpl_arena
deagg_reader_new_arena(void);

/* kpl_aggregate_decode, without the GIL where that pays; and KPL_NO_RECORDS for a message without
 * user records whose digest was not `verified`, since nothing else vouches for it. */
kpl_status
deagg_reader_decode(kpl_bytes message, bool verified, kpl_arena *arena,
                    const kpl_aggregate **aggregate);

/* Reads what the payload of `kinesis_record` holds. The record is item `index` of `records`, an
 * exact list or tuple; or `records` is NULL. 0 with *status set, or -1 with an exception. On
 * KPL_OK *aggregate is valid until the next call or deagg_reader_release; it is not set otherwise.
 */
int
deagg_reader_read(deagg_state *state, const deagg_options *options, deagg_reader *reader,
                  PyObject *records, Py_ssize_t index, const deagg_kinesis_record *kinesis_record,
                  kpl_status *status, const kpl_aggregate **aggregate);

/* Gives all memory back. The reader can be used again. */
void
deagg_reader_release(deagg_reader *reader);

#endif
