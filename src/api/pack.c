/* From user records to a payload: see pack.h.
 *
 * A first pass over the iterable checks each user record, finds the indexes of its keys and adds
 * up the size. A second one over what the first has kept writes the payload, without user code. */
#include "api/pack.h"

#include "api/packed_item.h"
#include "base/gil.h"
#include "kpl/writer.h"

/* protobuf-c reads no larger message. */
#define MOST_BYTES ((size_t)INT32_MAX)

typedef struct {
    PyObject *data; /* owned: bytes */
    PyObject *tags; /* owned: bytes, or NULL */
    size_t partition_key_index;
    size_t explicit_hash_key_index;
} kept_record;

typedef struct {
    /* Owned: dicts from key to index, in the order of the indexes. */
    PyObject *partition_keys;
    PyObject *explicit_hash_keys;
    kept_record *records; /* owned */
    size_t count;
    size_t capacity;
    size_t size; /* of the payload */
} packing;

/* Starts without user records. 0, or -1 with MemoryError; packing_clear is needed in any case. */
static int
packing_init(packing *packed)
{
    *packed = (packing){.size = KPL_FRAME_SIZE};
    packed->partition_keys = PyDict_New();
    packed->explicit_hash_keys = PyDict_New();
    return packed->partition_keys == NULL || packed->explicit_hash_keys == NULL ? -1 : 0;
}

static void
packing_clear(packing *packed)
{
    for (size_t i = 0; i < packed->count; i++) {
        Py_DECREF(packed->records[i].data);
        Py_XDECREF(packed->records[i].tags);
    }
    PyMem_Free(packed->records);
    Py_XDECREF(packed->partition_keys);
    Py_XDECREF(packed->explicit_hash_keys);
}

static kpl_written_record
written(const kept_record *record)
{
    return (kpl_written_record){
        .partition_key_index = record->partition_key_index,
        .explicit_hash_key_index = record->explicit_hash_key_index,
        .data = deagg_packed_bytes(record->data),
        .tags = deagg_packed_bytes(record->tags),
    };
}

/* Sets *index to that of `key`: the next one if it is new. Returns 1 if it is new, 0 if not, or -1
 * with an exception. */
static int
find_index(PyObject *table, PyObject *key, size_t *index)
{
    PyObject *found;
    int known = PyDict_GetItemRef(table, key, &found);
    if (known < 0) {
        return -1;
    }
    if (known == 0) {
        *index = (size_t)PyDict_GET_SIZE(table);
        return 1;
    }
    *index = PyLong_AsSize_t(found);
    Py_DECREF(found);
    return 0;
}

/* 0, or -1 with MemoryError. */
static int
add_key(PyObject *table, PyObject *key, size_t index)
{
    PyObject *value = PyLong_FromSize_t(index);
    if (value == NULL) {
        return -1;
    }
    int result = PyDict_SetItem(table, key, value);
    Py_DECREF(value);
    return result;
}

/* Makes room for one more user record. 0, or -1 with MemoryError. */
static int
reserve(packing *packed)
{
    if (packed->count < packed->capacity) {
        return 0;
    }
    size_t capacity = packed->capacity == 0 ? 64 : packed->capacity * 2;
    kept_record *records = packed->records;
    PyMem_Resize(records, kept_record, capacity);
    if (records == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    packed->records = records;
    packed->capacity = capacity;
    return 0;
}

/* Keeps a user record. Returns 1; 0 if the payload would become larger than `most`, and keeps
 * nothing of it; or -1 with MemoryError. */
static int
add_item(packing *packed, deagg_packed_item *item, size_t most)
{
    kept_record record = {item->data, item->tags, 0, KPL_NO_INDEX};
    size_t size = 0;
    int new_hash_key = 0;
    int new_key =
        find_index(packed->partition_keys, item->partition_key, &record.partition_key_index);
    if (new_key > 0) {
        size += kpl_partition_key_size(deagg_packed_text(item->partition_key));
    }
    if (new_key >= 0 && item->explicit_hash_key != NULL) {
        new_hash_key = find_index(packed->explicit_hash_keys, item->explicit_hash_key,
                                  &record.explicit_hash_key_index);
        size += kpl_explicit_hash_key_size(deagg_packed_text(item->explicit_hash_key)) *
                (new_hash_key > 0);
    }
    if (new_key < 0 || new_hash_key < 0 || reserve(packed) < 0) {
        return -1;
    }
    kpl_written_record to_write = written(&record);
    size += kpl_record_size(&to_write);
    if (size > most || packed->size > most - size) {
        return 0;
    }
    if ((new_key > 0 &&
         add_key(packed->partition_keys, item->partition_key, record.partition_key_index) < 0) ||
        (new_hash_key > 0 && add_key(packed->explicit_hash_keys, item->explicit_hash_key,
                                     record.explicit_hash_key_index) < 0)) {
        return -1;
    }
    item->data = item->tags = NULL;
    packed->records[packed->count++] = record;
    packed->size += size;
    return 1;
}

/* Puts the number of the user record before the message of a TypeError or ValueError. */
static void
number_error(size_t number)
{
    PyObject *kind = PyErr_ExceptionMatches(PyExc_TypeError)    ? PyExc_TypeError
                     : PyErr_ExceptionMatches(PyExc_ValueError) ? PyExc_ValueError
                                                                : NULL;
    if (kind != NULL) {
        PyObject *exception = deagg_exception_take();
        PyErr_Format(kind, "user record %zu: %S", number, exception);
        Py_DECREF(exception);
    }
}

/* Keeps the user records of an iterable. Returns 1; 0 if one did not fit into `most` bytes, after
 * those before it; or -1 with an exception. */
static int
add_all(packing *packed, PyObject *user_records, size_t most)
{
    PyObject *iterator = PyObject_GetIter(user_records);
    if (iterator == NULL) {
        return -1;
    }
    int added = 1;
    PyObject *user_record;
    while (added > 0 && (user_record = PyIter_Next(iterator)) != NULL) {
        deagg_packed_item item = {0};
        added = deagg_packed_item_parse(&item, user_record);
        if (added < 0) {
            number_error(packed->count);
        }
        else {
            added = add_item(packed, &item, most);
        }
        deagg_packed_item_clear(&item);
        Py_DECREF(user_record);
    }
    Py_DECREF(iterator);
    return added > 0 && PyErr_Occurred() ? -1 : added;
}

typedef uint8_t *(*write_key)(uint8_t *to, kpl_bytes key);

static uint8_t *
write_table(uint8_t *to, PyObject *table, write_key write)
{
    PyObject *key;
    PyObject *index;
    Py_ssize_t position = 0;
    while (PyDict_Next(table, &position, &key, &index)) {
        to = write(to, deagg_packed_text(key));
    }
    return to;
}

/* A new bytes object with the payload; NULL with MemoryError. */
static PyObject *
write_payload(const packing *packed)
{
    PyObject *payload = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)packed->size);
    if (payload == NULL) {
        return NULL;
    }
    uint8_t *start = kpl_write_magic((uint8_t *)PyBytes_AS_STRING(payload));
    uint8_t *to = write_table(start, packed->partition_keys, kpl_write_partition_key);
    to = write_table(to, packed->explicit_hash_keys, kpl_write_explicit_hash_key);
    for (size_t i = 0; i < packed->count; i++) {
        kpl_written_record record = written(&packed->records[i]);
        to = kpl_write_record(to, &record);
    }
    kpl_bytes message = {start, (size_t)(to - start)};
    PyThreadState *released = deagg_gil_release(message.size);
    to = kpl_write_digest(to, message);
    deagg_gil_acquire(released);
    assert(to == (uint8_t *)PyBytes_AS_STRING(payload) + packed->size);
    return payload;
}

PyObject *
deagg_pack(deagg_state *state, PyObject *user_records)
{
    PyObject *payload = NULL;
    packing packed;
    if (Py_IS_TYPE(user_records, state->user_record_type)) {
        PyErr_SetString(PyExc_TypeError,
                        "user_records must be an iterable of UserRecords, not a UserRecord");
        return NULL;
    }
    if (packing_init(&packed) == 0) {
        int added = add_all(&packed, user_records, MOST_BYTES);
        if (added == 0) {
            PyErr_Format(PyExc_ValueError,
                         "user record %zu: the payload would be larger than 2 GiB", packed.count);
        }
        else if (added > 0 && packed.count == 0) {
            PyErr_SetString(PyExc_ValueError, "there must be a user record to pack");
        }
        else if (added > 0) {
            payload = write_payload(&packed);
        }
    }
    packing_clear(&packed);
    return payload;
}

PyObject *
deagg_pack_prefix(PyObject *user_records, size_t most)
{
    PyObject *result = NULL;
    packing packed;
    if (packing_init(&packed) == 0 && add_all(&packed, user_records, most) >= 0) {
        PyObject *payload =
            packed.count == 0 ? PyBytes_FromStringAndSize(NULL, 0) : write_payload(&packed);
        if (payload != NULL) {
            result = Py_BuildValue("Nn", payload, (Py_ssize_t)packed.count);
        }
    }
    packing_clear(&packed);
    return result;
}
