/* Reads aggregates: see reader.h. */
#include "reader.h"

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

deagg_reader
deagg_reader_new(void)
{
    return (deagg_reader){
        .arena = kpl_arena_new((kpl_allocator){allocate_raw, release_raw, NULL}),
    };
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
 * *status and, on KPL_OK, *message set; 0 when it has to be opened on its own; -1 with
 * MemoryError. */
static int
open_among_others(deagg_state *state, deagg_reader *reader, PyObject *records, Py_ssize_t index,
                  PyObject *payload, kpl_status *status, kpl_bytes *message)
{
    if (!deagg_lookahead_suits(payload)) {
        return 0;
    }
    if (reader->lookahead == NULL && (reader->lookahead = deagg_lookahead_new()) == NULL) {
        return -1;
    }
    if (deagg_lookahead_take(reader->lookahead, index, payload, status, message)) {
        return 1;
    }
    if (deagg_lookahead_fill(state, reader->lookahead, records, index, payload) < 0) {
        return -1;
    }
    return deagg_lookahead_take(reader->lookahead, index, payload, status, message);
}

static kpl_status
decode_message(kpl_bytes message, kpl_arena *arena, const kpl_aggregate **aggregate)
{
    kpl_status status;
    if (message.size < DEAGG_GIL_THRESHOLD) {
        return kpl_aggregate_decode(message, arena, aggregate);
    }
    Py_BEGIN_ALLOW_THREADS status = kpl_aggregate_decode(message, arena, aggregate);
    Py_END_ALLOW_THREADS return status;
}

int
deagg_reader_read(deagg_state *state, deagg_reader *reader, PyObject *records, Py_ssize_t index,
                  const deagg_kinesis_record *kinesis_record, kpl_status *status,
                  const kpl_aggregate **aggregate)
{
    PyObject *payload = kinesis_record->payload;
    kpl_bytes message;
    int opened = 0;
    if (records != NULL) {
        opened = open_among_others(state, reader, records, index, payload, status, &message);
    }
    if (opened == 0) {
        opened = deagg_payload_open(state, payload, &reader->scratch, status, &message);
    }
    if (opened < 0) {
        return -1;
    }
    if (*status == KPL_OK) {
        *status = decode_message(message, &reader->arena, aggregate);
    }
    if (*status == KPL_NO_MEMORY) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}
