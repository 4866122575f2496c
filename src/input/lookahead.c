/* Several payloads at once: see lookahead.h. */
#include "input/lookahead.h"

#include "base/gil.h"
#include "input/payload.h"
#include "kpl/simd/base64.h"

#define MAX_BYTES ((size_t)4 << 20)

/* How many records are scanned for payloads, the current one included. */
#define MAX_RECORDS_SCANNED 64

struct deagg_lookahead {
    deagg_scratch scratch;
    size_t count;
    size_t next; /* the first result that was not taken */
    deagg_lookahead_result results[KPL_MAX_FRAMES];
};

deagg_lookahead *
deagg_lookahead_new(void)
{
    deagg_lookahead *lookahead = PyMem_Malloc(sizeof(deagg_lookahead));
    if (lookahead == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    lookahead->scratch = (deagg_scratch){0};
    lookahead->count = 0;
    lookahead->next = 0;
    return lookahead;
}

static void
discard_results(deagg_lookahead *lookahead)
{
    for (size_t i = lookahead->next; i < lookahead->count; i++) {
        Py_CLEAR(lookahead->results[i].payload);
    }
    lookahead->count = 0;
    lookahead->next = 0;
}

void
deagg_lookahead_free(deagg_lookahead *lookahead)
{
    if (lookahead != NULL) {
        discard_results(lookahead);
        deagg_scratch_release(&lookahead->scratch);
        PyMem_Free(lookahead);
    }
}

/* The sizes of the payloads chosen so far. */
typedef struct {
    size_t decoded; /* of all, at most */
    size_t scratch; /* of the text among them */
} chosen_sizes;

/* The most bytes that a payload with this content decodes to. */
static size_t
decoded_room(kpl_bytes content, bool is_base64)
{
    return is_base64 ? kpl_base64_decoded_room(content.size) : content.size;
}

static void
choose(deagg_lookahead *lookahead, chosen_sizes *sizes, Py_ssize_t index, PyObject *payload,
       kpl_bytes content, bool is_base64)
{
    lookahead->results[lookahead->count++] = (deagg_lookahead_result){
        .payload = Py_NewRef(payload),
        .index = index,
        .is_base64 = is_base64,
        .content = content,
        .offset = sizes->scratch,
    };
    size_t size = decoded_room(content, is_base64);
    sizes->decoded += size;
    sizes->scratch += is_base64 ? size : 0;
}

/* Chooses `payload` if it is suitable. Returns whether to go on. */
static bool
choose_if_suitable(deagg_lookahead *lookahead, chosen_sizes *sizes, Py_ssize_t index,
                   PyObject *payload, bool is_base64)
{
    kpl_bytes content;
    if (!deagg_payload_try_borrow(payload, &content) ||
        deagg_payload_glance(content, is_base64) != KPL_OK) {
        return true;
    }
    size_t size = decoded_room(content, is_base64);
    if (sizes->decoded >= MAX_BYTES || size > MAX_BYTES - sizes->decoded) {
        return false;
    }
    choose(lookahead, sizes, index, payload, content, is_base64);
    return lookahead->count < KPL_MAX_FRAMES;
}

/* Chooses among the payloads after item `index`. 0, or -1 as deagg_kinesis_record_find_payload. */
static int
choose_ahead(deagg_lookahead *lookahead, chosen_sizes *sizes, deagg_state *state,
             PyObject *records, Py_ssize_t index)
{
    bool more = true;
    for (Py_ssize_t ahead = 1; more && ahead < MAX_RECORDS_SCANNED; ahead++) {
        PyObject *record = deagg_sequence_item(records, index + ahead);
        if (record == NULL) {
            break;
        }
        PyObject *payload;
        bool is_base64;
        int found = deagg_kinesis_record_find_payload(state, record, &payload, &is_base64);
        Py_DECREF(record);
        if (found < 0) {
            return -1;
        }
        if (found > 0) {
            more = choose_if_suitable(lookahead, sizes, index + ahead, payload, is_base64);
            Py_DECREF(payload);
        }
    }
    return 0;
}

/* Decodes one payload and checks its frame, without the digest. */
static void
decode_nogil(const kpl_kernels *kernels, deagg_lookahead *lookahead,
             deagg_lookahead_result *result)
{
    kpl_bytes payload = result->content;
    if (result->is_base64) {
        uint8_t *decoded = lookahead->scratch.bytes + result->offset;
        if (!kernels->base64_decode(result->content, decoded, &payload.size)) {
            result->checked.status = KPL_NOT_BASE64;
            return;
        }
        payload.data = decoded;
    }
    result->checked.status = kpl_frame_find(payload, &result->checked.frame);
}

/* Decodes and checks all payloads that were chosen. */
static void
check_chosen_nogil(const kpl_kernels *kernels, deagg_lookahead *lookahead, bool verify)
{
    kpl_checked_frame *checked[KPL_MAX_FRAMES];
    for (size_t i = 0; i < lookahead->count; i++) {
        decode_nogil(kernels, lookahead, &lookahead->results[i]);
        checked[i] = &lookahead->results[i].checked;
    }
    if (verify) {
        kpl_frames_check_digests(kernels, checked, lookahead->count);
    }
}

int
deagg_lookahead_fill(deagg_lookahead *lookahead, deagg_state *state, bool verify,
                     PyObject *records, Py_ssize_t index,
                     const deagg_kinesis_record *kinesis_record, kpl_bytes content)
{
    chosen_sizes sizes = {0};
    discard_results(lookahead);
    /* It is this payload's turn, so its size does not matter. */
    choose(lookahead, &sizes, index, kinesis_record->payload, content, kinesis_record->is_base64);
    if (choose_ahead(lookahead, &sizes, state, records, index) < 0 ||
        deagg_scratch_reserve(&lookahead->scratch, sizes.scratch) < 0) {
        discard_results(lookahead);
        return -1;
    }
    PyThreadState *released = deagg_gil_release(sizes.decoded);
    check_chosen_nogil(state->kernels, lookahead, verify);
    deagg_gil_acquire(released);
    return 0;
}

const deagg_lookahead_result *
deagg_lookahead_take_result(deagg_lookahead *lookahead, Py_ssize_t index,
                            const deagg_kinesis_record *kinesis_record)
{
    if (lookahead == NULL) {
        return NULL;
    }
    while (lookahead->next < lookahead->count) {
        deagg_lookahead_result *result = &lookahead->results[lookahead->next];
        if (result->index > index) {
            return NULL;
        }
        lookahead->next++;
        bool same = result->index == index && result->payload == kinesis_record->payload &&
                    result->is_base64 == kinesis_record->is_base64;
        Py_CLEAR(result->payload);
        if (same) {
            return result;
        }
    }
    return NULL;
}
