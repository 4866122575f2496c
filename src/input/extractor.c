/* Extracting aggregates: see extractor.h. */
#include "input/extractor.h"

#include "base/gil.h"
#include "input/payload.h"

static void *
allocate_raw_nogil(void *context, size_t size)
{
    (void)context;
    return PyMem_RawMalloc(size);
}

static void
release_raw_nogil(void *context, void *memory)
{
    (void)context;
    PyMem_RawFree(memory);
}

kpl_arena
deagg_arena_new(void)
{
    return kpl_arena_new((kpl_allocator){allocate_raw_nogil, release_raw_nogil, NULL});
}

deagg_extractor
deagg_extractor_new(bool verify)
{
    return (deagg_extractor){.verify = verify, .arena = deagg_arena_new()};
}

void
deagg_extractor_release(deagg_extractor *extractor)
{
    deagg_lookahead_free(extractor->lookahead);
    extractor->lookahead = NULL;
    deagg_scratch_release(&extractor->scratch);
    kpl_arena_release(&extractor->arena);
}

/* Sets *result to the lookahead's result for the payload of `kinesis_record`, filling the
 * lookahead if need be, or to NULL for a payload that is decoded on its own. KPL_OK,
 * KPL_EXCEPTION, or the status of a payload that is plain or damaged at a glance. */
static kpl_status
look_ahead(deagg_extractor *extractor, deagg_state *state, PyObject *records, Py_ssize_t index,
           const deagg_kinesis_record *kinesis_record, const deagg_lookahead_result **result)
{
    kpl_bytes content;
    *result = NULL;
    if (records == NULL || !deagg_payload_try_borrow(kinesis_record->payload, &content)) {
        return KPL_OK;
    }
    *result = deagg_lookahead_take_result(extractor->lookahead, index, kinesis_record);
    if (*result != NULL) {
        return KPL_OK;
    }
    kpl_status status = deagg_payload_glance(content, kinesis_record->is_base64);
    if (status != KPL_OK) {
        return status;
    }
    if (extractor->lookahead == NULL && (extractor->lookahead = deagg_lookahead_new()) == NULL) {
        return KPL_EXCEPTION;
    }
    if (deagg_lookahead_fill(extractor->lookahead, state, extractor->verify, records, index,
                             kinesis_record, content) < 0) {
        return KPL_EXCEPTION;
    }
    *result = deagg_lookahead_take_result(extractor->lookahead, index, kinesis_record);
    return KPL_OK;
}

/* Decodes the payload and checks its frame, together with others if it can. As
 * deagg_payload_find_message, except that *message may lie in the lookahead as well. */
static kpl_status
check_payload(deagg_extractor *extractor, deagg_state *state, PyObject *records, Py_ssize_t index,
              const deagg_kinesis_record *kinesis_record, kpl_bytes *message)
{
    const deagg_lookahead_result *result;
    kpl_status status = look_ahead(extractor, state, records, index, kinesis_record, &result);
    if (status != KPL_OK) {
        return status;
    }
    if (result == NULL || result->checked.status == KPL_NOT_BASE64) {
        return deagg_payload_find_message(state, kinesis_record->payload,
                                          kinesis_record->is_base64, extractor->verify,
                                          &extractor->scratch, message);
    }
    if (result->checked.status == KPL_OK) {
        *message = result->checked.frame.message;
    }
    return result->checked.status;
}

kpl_status
deagg_message_unpack(kpl_bytes message, bool verify, kpl_arena *arena,
                     const kpl_aggregate **aggregate)
{
    PyThreadState *released = deagg_gil_release(message.size);
    kpl_status status = kpl_message_unpack(message, arena, aggregate);
    deagg_gil_acquire(released);
    if (status == KPL_NO_MEMORY) {
        PyErr_NoMemory();
        return KPL_EXCEPTION;
    }
    if (status == KPL_OK && !verify && kpl_aggregate_user_record_count(*aggregate) == 0) {
        return KPL_NO_USER_RECORDS;
    }
    return status;
}

kpl_status
deagg_extractor_extract(deagg_extractor *extractor, deagg_state *state, PyObject *records,
                        Py_ssize_t index, const deagg_kinesis_record *kinesis_record,
                        const kpl_aggregate **aggregate)
{
    kpl_bytes message;
    kpl_status status = check_payload(extractor, state, records, index, kinesis_record, &message);
    if (status != KPL_OK) {
        return status;
    }
    return deagg_message_unpack(message, extractor->verify, &extractor->arena, aggregate);
}
