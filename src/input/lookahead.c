/* Several payloads at once: see lookahead.h. */
#include "input/lookahead.h"

#include "input/source.h"

/* Enough for 16 lanes to be filled twice over, also with payloads that are larger than usual. */
#define MOST_PAYLOADS 32
#define MOST_BYTES ((size_t)4 << 20)

/* How many records may be passed over in search of payloads. */
#define MOST_RECORDS 64

typedef struct {
    PyObject *payload; /* strong; NULL once it is taken */
    Py_ssize_t index;  /* of its Kinesis record */
    bool is_text;
    kpl_bytes content; /* borrowed from payload */
    size_t offset;     /* of the decoded text in the scratch memory */
    kpl_frame frame;   /* set when status is KPL_OK or KPL_WRONG_DIGEST */
    kpl_status status; /* KPL_NOT_BASE64 when the payload must be opened on its own */
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
    for (size_t i = 0; i < lookahead->count; i++) {
        Py_CLEAR(lookahead->opened[i].payload);
    }
    lookahead->count = 0;
    lookahead->next = 0;
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

/* What an exact str or bytes holds; nothing for a payload that the lookahead leaves alone. */
static kpl_bytes
content_of(PyObject *payload)
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
deagg_lookahead_suits(PyObject *payload, bool is_text)
{
    kpl_bytes content = content_of(payload);
    kpl_frame frame;
    return is_text ? kpl_frame_text_may_hold_magic(content)
                   : kpl_frame_open(content, &frame) == KPL_OK;
}

/* What is gathered for one call of deagg_lookahead_fill. */
typedef struct {
    deagg_lookahead *lookahead;
    size_t bytes;   /* of all payloads, decoded, at the most */
    size_t scratch; /* of these, in the scratch memory */
} gathering;

/* Adds `payload` if it suits. Returns whether there is room for more. */
static bool
add(gathering *gathered, Py_ssize_t index, PyObject *payload, bool is_text)
{
    deagg_lookahead *lookahead = gathered->lookahead;
    if (!deagg_lookahead_suits(payload, is_text)) {
        return true;
    }
    kpl_bytes content = content_of(payload);
    size_t size = is_text ? content.size / 4 * 3 : content.size;
    /* The first has its turn now, whatever its size. */
    if (lookahead->count > 0 &&
        (gathered->bytes >= MOST_BYTES || size > MOST_BYTES - gathered->bytes)) {
        return false;
    }
    lookahead->opened[lookahead->count++] = (opened_payload){
        .payload = Py_NewRef(payload),
        .index = index,
        .is_text = is_text,
        .content = content,
        .offset = gathered->scratch,
    };
    gathered->bytes += size;
    gathered->scratch += is_text ? size : 0;
    return lookahead->count < MOST_PAYLOADS;
}

/* Chooses among the payloads behind item `index`. 0, or -1 as deagg_source_peek. */
static int
gather_ahead(deagg_state *state, gathering *gathered, PyObject *records, Py_ssize_t index)
{
    bool more = true;
    for (Py_ssize_t ahead = 1; more && ahead < MOST_RECORDS; ahead++) {
        PyObject *record = deagg_sequence_item(records, index + ahead);
        if (record == NULL) {
            break;
        }
        deagg_source source;
        PyObject *payload = deagg_source_peek(state, record, &source);
        Py_DECREF(record);
        if (payload == NULL && PyErr_Occurred()) {
            return -1;
        }
        if (payload != NULL) {
            more = add(gathered, index + ahead, payload, deagg_source_sends_text(source, payload));
            Py_DECREF(payload);
        }
    }
    return 0;
}

/* Decodes a payload and finds its frame. */
static void
open_frame(const kpl_kernels *kernels, deagg_lookahead *lookahead, opened_payload *opened)
{
    kpl_bytes payload = opened->content;
    if (opened->is_text) {
        uint8_t *decoded = lookahead->scratch.bytes + opened->offset;
        if (!kernels->base64_decode(opened->content, decoded, &payload.size)) {
            opened->status = KPL_NOT_BASE64;
            return;
        }
        payload.data = decoded;
    }
    opened->status = kpl_frame_open(payload, &opened->frame);
}

/* Checks the digests of all payloads that have a frame. */
static void
check_digests(const kpl_kernels *kernels, deagg_lookahead *lookahead)
{
    opened_payload *framed[MOST_PAYLOADS];
    kpl_bytes messages[MOST_PAYLOADS];
    uint8_t digests[MOST_PAYLOADS][KPL_DIGEST_SIZE];
    size_t count = 0;
    for (size_t i = 0; i < lookahead->count; i++) {
        if (lookahead->opened[i].status == KPL_OK) {
            framed[count] = &lookahead->opened[i];
            messages[count++] = lookahead->opened[i].frame.message;
        }
    }
    if (count == 0) {
        return;
    }
    kernels->md5_many(messages, count, digests);
    for (size_t i = 0; i < count; i++) {
        if (!kpl_frame_has_digest(&framed[i]->frame, digests[i])) {
            framed[i]->status = KPL_WRONG_DIGEST;
        }
    }
}

/* Opens what was gathered. Needs no GIL. */
static void
open_gathered(const kpl_kernels *kernels, deagg_lookahead *lookahead, bool verify)
{
    for (size_t i = 0; i < lookahead->count; i++) {
        open_frame(kernels, lookahead, &lookahead->opened[i]);
    }
    if (verify) {
        check_digests(kernels, lookahead);
    }
}

int
deagg_lookahead_fill(deagg_state *state, const deagg_options *options, deagg_lookahead *lookahead,
                     PyObject *records, Py_ssize_t index, PyObject *payload, bool is_text)
{
    gathering gathered = {.lookahead = lookahead};
    forget(lookahead);
    if (add(&gathered, index, payload, is_text) &&
        gather_ahead(state, &gathered, records, index) < 0) {
        forget(lookahead);
        return -1;
    }
    if (deagg_scratch_reserve(&lookahead->scratch, gathered.scratch) < 0) {
        forget(lookahead);
        return -1;
    }
    if (gathered.bytes < DEAGG_GIL_THRESHOLD) {
        open_gathered(state->kernels, lookahead, options->verify);
        return 0;
    }
    Py_BEGIN_ALLOW_THREADS
    open_gathered(state->kernels, lookahead, options->verify);
    Py_END_ALLOW_THREADS
    return 0;
}

int
deagg_lookahead_take(deagg_lookahead *lookahead, Py_ssize_t index, PyObject *payload, bool is_text,
                     kpl_status *status, kpl_bytes *message)
{
    while (lookahead->next < lookahead->count) {
        opened_payload *opened = &lookahead->opened[lookahead->next];
        if (opened->index > index) {
            return 0;
        }
        lookahead->next++;
        bool same =
            opened->index == index && opened->payload == payload && opened->is_text == is_text;
        Py_CLEAR(opened->payload);
        if (same) {
            *status = opened->status;
            *message = opened->frame.message;
            return *status == KPL_NOT_BASE64 ? -1 : 1;
        }
    }
    return 0;
}
