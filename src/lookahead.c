/* Several payloads at once: see lookahead.h. */
#include "lookahead.h"

#include "source.h"

/* Enough for lanes to be refilled a few times over; few enough for the decoded payloads to stay in
 * the cache. */
#define MOST_PAYLOADS 32
#define MOST_BYTES ((size_t)1 << 20)

/* How many records may be passed over in search of payloads. */
#define MOST_RECORDS 64

typedef struct {
    PyObject *payload; /* strong; NULL once it is taken, or if it must be opened on its own */
    Py_ssize_t index;  /* of its Kinesis record */
    kpl_bytes text;    /* borrowed from payload */
    size_t offset;     /* of the decoded payload in the scratch memory */
    kpl_frame frame;   /* in the scratch memory; set when status is KPL_OK or KPL_WRONG_DIGEST */
    kpl_status status;
} opened_payload;

struct deagg_lookahead {
    deagg_scratch scratch;
    size_t count;
    size_t next; /* the first that is not taken yet */
    opened_payload opened[MOST_PAYLOADS];
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
forget(deagg_lookahead *lookahead)
{
    size_t count = lookahead->count;
    lookahead->count = 0;
    lookahead->next = 0;
    for (size_t i = 0; i < count; i++) {
        Py_CLEAR(lookahead->opened[i].payload);
    }
}

void
deagg_lookahead_free(deagg_lookahead *lookahead)
{
    if (lookahead != NULL) {
        forget(lookahead);
        deagg_scratch_release(&lookahead->scratch);
        PyMem_Free(lookahead);
    }
}

/* The characters of an exact str or bytes; none for a payload that the lookahead leaves alone. */
static kpl_bytes
text_of(PyObject *payload)
{
    if (PyUnicode_CheckExact(payload) && PyUnicode_IS_COMPACT_ASCII(payload)) {
        return (kpl_bytes){PyUnicode_1BYTE_DATA(payload), (size_t)PyUnicode_GET_LENGTH(payload)};
    }
    if (PyBytes_CheckExact(payload)) {
        return (kpl_bytes){(const uint8_t *)PyBytes_AS_STRING(payload),
                           (size_t)PyBytes_GET_SIZE(payload)};
    }
    return (kpl_bytes){NULL, 0};
}

bool
deagg_lookahead_suits(PyObject *payload)
{
    return kpl_frame_text_may_hold_magic(text_of(payload));
}

/* Adds `payload` if it suits. Returns whether there is room for more. */
static bool
add(deagg_lookahead *lookahead, Py_ssize_t index, PyObject *payload, size_t *bytes)
{
    if (!deagg_lookahead_suits(payload)) {
        return true;
    }
    kpl_bytes text = text_of(payload);
    size_t size = text.size / 4 * 3;
    if (lookahead->count > 0 && (*bytes >= MOST_BYTES || size > MOST_BYTES - *bytes)) {
        return false;
    }
    lookahead->opened[lookahead->count++] = (opened_payload){
        .payload = Py_NewRef(payload), .index = index, .text = text, .offset = *bytes};
    *bytes += size;
    return lookahead->count < MOST_PAYLOADS;
}

/* Chooses the payloads to open. Returns how many bytes they decode to at the most. */
static size_t
gather(deagg_state *state, deagg_lookahead *lookahead, PyObject *records, Py_ssize_t index,
       PyObject *payload)
{
    size_t bytes = 0;
    bool more = add(lookahead, index, payload, &bytes);
    for (Py_ssize_t ahead = 1; more && ahead < MOST_RECORDS; ahead++) {
        PyObject *record = deagg_sequence_item(records, index + ahead);
        if (record == NULL) {
            break;
        }
        PyObject *payload_ahead = deagg_source_peek(state, record);
        Py_DECREF(record);
        if (payload_ahead != NULL) {
            more = add(lookahead, index + ahead, payload_ahead, &bytes);
            Py_DECREF(payload_ahead);
        }
    }
    return bytes;
}

/* Decodes, frames and hashes what was gathered. Needs no GIL. */
static void
open_gathered(const kpl_kernels *kernels, deagg_lookahead *lookahead)
{
    opened_payload *framed[MOST_PAYLOADS];
    kpl_bytes messages[MOST_PAYLOADS];
    uint8_t digests[MOST_PAYLOADS][KPL_DIGEST_SIZE];
    size_t count = 0;
    for (size_t i = 0; i < lookahead->count; i++) {
        opened_payload *opened = &lookahead->opened[i];
        uint8_t *bytes = lookahead->scratch.bytes + opened->offset;
        size_t size;
        opened->status = KPL_NOT_BASE64;
        if (kernels->base64_decode(opened->text, bytes, &size)) {
            opened->status = kpl_frame_open((kpl_bytes){bytes, size}, &opened->frame);
        }
        if (opened->status == KPL_OK) {
            messages[count] = opened->frame.message;
            framed[count++] = opened;
        }
    }
    if (count > 0) {
        kernels->md5_many(messages, count, digests);
    }
    for (size_t i = 0; i < count; i++) {
        if (!kpl_frame_has_digest(&framed[i]->frame, digests[i])) {
            framed[i]->status = KPL_WRONG_DIGEST;
        }
    }
}

int
deagg_lookahead_fill(deagg_state *state, deagg_lookahead *lookahead, PyObject *records,
                     Py_ssize_t index, PyObject *payload)
{
    forget(lookahead);
    size_t bytes = gather(state, lookahead, records, index, payload);
    if (deagg_scratch_reserve(&lookahead->scratch, bytes) < 0) {
        forget(lookahead);
        return -1;
    }
    if (bytes >= DEAGG_GIL_THRESHOLD) {
        Py_BEGIN_ALLOW_THREADS open_gathered(state->kernels, lookahead);
        Py_END_ALLOW_THREADS
    }
    else {
        open_gathered(state->kernels, lookahead);
    }
    return 0;
}

bool
deagg_lookahead_take(deagg_lookahead *lookahead, Py_ssize_t index, PyObject *payload,
                     kpl_status *status, kpl_bytes *message)
{
    while (lookahead->next < lookahead->count) {
        opened_payload *opened = &lookahead->opened[lookahead->next];
        if (opened->index > index) {
            return false;
        }
        lookahead->next++;
        bool same = opened->index == index && opened->payload == payload;
        Py_CLEAR(opened->payload);
        if (same) {
            *status = opened->status;
            *message = opened->frame.message;
            return *status != KPL_NOT_BASE64;
        }
    }
    return false;
}
