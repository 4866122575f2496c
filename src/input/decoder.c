/* Decoding Kinesis records: see decoder.h. */
#include "input/decoder.h"

#include "base/gil.h"
#include "input/payload.h"

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
deagg_decoder_new_arena(void)
{
    return kpl_arena_new((kpl_allocator){allocate_raw, release_raw, NULL});
}

deagg_decoder
deagg_decoder_new(void)
{
    return (deagg_decoder){.arena = deagg_decoder_new_arena()};
}

void
deagg_decoder_release(deagg_decoder *decoder)
{
    deagg_lookahead_free(decoder->lookahead);
    decoder->lookahead = NULL;
    deagg_scratch_release(&decoder->scratch);
    kpl_arena_release(&decoder->arena);
}

/* Sets *result to the lookahead's result for the payload of `kinesis_record`, filling the
 * lookahead if need be, or to NULL for a payload that is decoded on its own. KPL_OK,
 * KPL_EXCEPTION, or the status of a payload that is plain or damaged at a glance. */
static kpl_status
look_ahead(deagg_decoder *decoder, deagg_state *state, bool verify, PyObject *records,
           Py_ssize_t index, const deagg_kinesis_record *kinesis_record,
           const deagg_lookahead_result **result)
{
    kpl_bytes content;
    *result = NULL;
    if (records == NULL || !deagg_payload_is_constant(kinesis_record->payload, &content)) {
        return KPL_OK;
    }
    *result = deagg_lookahead_find(decoder->lookahead, index, kinesis_record);
    if (*result != NULL) {
        return KPL_OK;
    }
    kpl_status status = deagg_payload_glance(content, kinesis_record->is_text);
    if (status != KPL_OK) {
        return status;
    }
    if (decoder->lookahead == NULL && (decoder->lookahead = deagg_lookahead_new()) == NULL) {
        return KPL_EXCEPTION;
    }
    if (deagg_lookahead_fill(decoder->lookahead, state, verify, records, index, kinesis_record,
                             content) < 0) {
        return KPL_EXCEPTION;
    }
    *result = deagg_lookahead_find(decoder->lookahead, index, kinesis_record);
    return KPL_OK;
}

/* Decodes the payload and checks its frame, together with others if it can. As
 * deagg_payload_check, except that *message may lie in the lookahead as well. */
static kpl_status
check_payload(deagg_decoder *decoder, deagg_state *state, bool verify, PyObject *records,
              Py_ssize_t index, const deagg_kinesis_record *kinesis_record, kpl_bytes *message)
{
    const deagg_lookahead_result *result;
    kpl_status status =
        look_ahead(decoder, state, verify, records, index, kinesis_record, &result);
    if (status != KPL_OK) {
        return status;
    }
    if (result == NULL || result->status == KPL_NOT_BASE64) {
        return deagg_payload_check(state, kinesis_record->payload, kinesis_record->is_text, verify,
                                   &decoder->scratch, message);
    }
    *message = result->frame.message;
    return result->status;
}

kpl_status
deagg_decoder_unpack(kpl_bytes message, bool verified, kpl_arena *arena,
                     const kpl_aggregate **aggregate)
{
    PyThreadState *released = deagg_gil_release(message.size);
    kpl_status status = kpl_message_unpack(message, arena, aggregate);
    deagg_gil_acquire(released);
    if (status == KPL_NO_MEMORY) {
        PyErr_NoMemory();
        return KPL_EXCEPTION;
    }
    if (status == KPL_OK && !verified && kpl_aggregate_user_record_count(*aggregate) == 0) {
        return KPL_NO_RECORDS;
    }
    return status;
}

kpl_status
deagg_decoder_decode(deagg_decoder *decoder, deagg_state *state, bool verify, PyObject *records,
                     Py_ssize_t index, const deagg_kinesis_record *kinesis_record,
                     const kpl_aggregate **aggregate)
{
    kpl_bytes message;
    kpl_status status =
        check_payload(decoder, state, verify, records, index, kinesis_record, &message);
    if (status != KPL_OK) {
        return status;
    }
    return deagg_decoder_unpack(message, verify, &decoder->arena, aggregate);
}
