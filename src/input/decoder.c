/* Reads aggregates: see reader.h. */
#include "input/decoder.h"

static void *
allocate_raw(void *context, size_t size)
{
    (void)context;
    return PyMem_RawMalloc(size);
}

static void
release_raw(void *context, void *memory)
{
    (void)context;
    PyMem_RawFree(memory);
}

kpl_arena
deagg_reader_new_arena(void)
{
    return kpl_arena_new((kpl_allocator){allocate_raw, release_raw, NULL});
}

deagg_reader
deagg_reader_new(void)
{
    return (deagg_reader){.arena = deagg_reader_new_arena()};
}

void
deagg_reader_release(deagg_reader *reader)
{
    deagg_lookahead_free(reader->lookahead);
    reader->lookahead = NULL;
    deagg_scratch_release(&reader->scratch);
    kpl_arena_release(&reader->arena);
}

/* Opens `payload` together with some that follow it, unless it was opened so before. 1 with
 * *status and, on KPL_OK, *message set; 0 when it has to be opened on its own; -1 as
 * deagg_lookahead_fill. */
static int
open_among_others(deagg_state *state, const deagg_options *options, deagg_reader *reader,
                  PyObject *records, Py_ssize_t index, PyObject *payload, bool is_text,
                  kpl_status *status, kpl_bytes *message)
{
    if (records == NULL || !deagg_lookahead_suits(payload, is_text)) {
        return 0;
    }
    if (reader->lookahead == NULL && (reader->lookahead = deagg_lookahead_new()) == NULL) {
        return -1;
    }
    int taken = deagg_lookahead_take(reader->lookahead, index, payload, is_text, status, message);
    if (taken == 0) {
        if (deagg_lookahead_fill(state, options, reader->lookahead, records, index, payload,
                                 is_text) < 0) {
            return -1;
        }
        taken = deagg_lookahead_take(reader->lookahead, index, payload, is_text, status, message);
    }
    return taken > 0;
}

static kpl_status
decode_aside(kpl_bytes message, kpl_arena *arena, const kpl_aggregate **aggregate)
{
    kpl_status status;
    if (message.size < DEAGG_GIL_THRESHOLD) {
        return kpl_aggregate_decode(message, arena, aggregate);
    }
    Py_BEGIN_ALLOW_THREADS
    status = kpl_aggregate_decode(message, arena, aggregate);
    Py_END_ALLOW_THREADS
    return status;
}

kpl_status
deagg_reader_decode(kpl_bytes message, bool verified, kpl_arena *arena,
                    const kpl_aggregate **aggregate)
{
    kpl_status status = decode_aside(message, arena, aggregate);
    if (status == KPL_OK && !verified && (*aggregate)->n_records == 0) {
        return KPL_NO_RECORDS;
    }
    return status;
}

int
deagg_reader_read(deagg_state *state, const deagg_options *options, deagg_reader *reader,
                  PyObject *records, Py_ssize_t index, const deagg_kinesis_record *kinesis_record,
                  kpl_status *status, const kpl_aggregate **aggregate)
{
    PyObject *payload = kinesis_record->payload;
    bool is_text = deagg_source_sends_text(kinesis_record->source, payload);
    kpl_bytes message;
    int opened = open_among_others(state, options, reader, records, index, payload, is_text,
                                   status, &message);
    if (opened == 0) {
        opened = deagg_payload_open(state, payload, is_text, options->verify, &reader->scratch,
                                    status, &message);
    }
    if (opened < 0) {
        return -1;
    }
    if (*status == KPL_OK) {
        *status = deagg_reader_decode(message, options->verify, &reader->arena, aggregate);
    }
    if (*status == KPL_NO_MEMORY) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}
