/* The walk over Kinesis records: see cursor.h.
 *
 * It behaves as a generator does: nothing is read before the first step, an error or the end
 * finishes it, and it cannot be entered while it runs. */
#include "cursor.h"

#include "damage.h"
#include "payload.h"
#include "user_record.h"

typedef struct {
    PyObject_HEAD bool running;
    PyObject *records;               /* strong: the argument, until the first step */
    PyObject *input;                 /* strong: an iterator over Kinesis records, from then on */
    deagg_scratch scratch;           /* the payload being opened */
    kpl_arena arena;                 /* the aggregate being yielded */
    deagg_user_records user_records; /* its user records; empty between aggregates */
    size_t next_index;               /* the sub-sequence number to yield next */
} deagg_cursor;

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

PyObject *
deagg_cursor_new(deagg_state *state, PyObject *records)
{
    deagg_cursor *cursor = PyObject_GC_New(deagg_cursor, state->iterator_type);
    if (cursor == NULL) {
        return NULL;
    }
    cursor->running = false;
    cursor->records = Py_NewRef(records);
    cursor->input = NULL;
    cursor->scratch = (deagg_scratch){0};
    cursor->arena = kpl_arena_new((kpl_allocator){allocate_raw, release_raw, NULL});
    cursor->user_records = (deagg_user_records){0};
    cursor->next_index = 0;
    PyObject_GC_Track(cursor);
    return (PyObject *)cursor;
}

/* Gives up all that the cursor holds; the next step finds nothing. */
static void
finish(deagg_cursor *cursor)
{
    Py_CLEAR(cursor->records);
    Py_CLEAR(cursor->input);
    deagg_user_records_clear(&cursor->user_records);
    kpl_arena_release(&cursor->arena);
    deagg_scratch_release(&cursor->scratch);
}

/* Looks at the argument for the first time. 0, or -1 with an exception. */
static int
begin(deagg_cursor *cursor)
{
    PyObject *records = cursor->records;
    if (deagg_is_mapping(records)) {
        PyObject *single = PyTuple_Pack(1, records);
        if (single == NULL) {
            return -1;
        }
        cursor->input = PyObject_GetIter(single);
        Py_DECREF(single);
    }
    else {
        cursor->input = PyObject_GetIter(records);
    }
    Py_CLEAR(cursor->records);
    return cursor->input == NULL ? -1 : 0;
}

/* Decodes the message of an aggregate and prepares its user records. Returns as open_aggregate
 * does. */
static int
decode_message(deagg_state *state, deagg_cursor *cursor,
               const deagg_kinesis_record *kinesis_record, kpl_bytes message, kpl_status *status)
{
    const kpl_aggregate *aggregate;
    *status = kpl_aggregate_decode(message, &cursor->arena, &aggregate);
    if (*status != KPL_OK) {
        return 0;
    }
    cursor->next_index = 0;
    return deagg_user_records_begin(state, &cursor->user_records, kinesis_record, aggregate);
}

/* Opens the payload of a Kinesis record. 0 with *status set, or -1 with an exception; on KPL_OK
 * the cursor stands before the first user record. */
static int
open_aggregate(deagg_state *state, deagg_cursor *cursor,
               const deagg_kinesis_record *kinesis_record, kpl_status *status)
{
    kpl_bytes message;
    if (deagg_payload_open(state, kinesis_record->payload, &cursor->scratch, status, &message) <
        0) {
        return -1;
    }
    if (*status == KPL_OK && decode_message(state, cursor, kinesis_record, message, status) < 0) {
        return -1;
    }
    if (*status == KPL_NO_MEMORY) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

/* Takes in one Kinesis record. 1 when it is an aggregate, now open; 0 when it is to come out as it
 * is; -1 with an exception. */
static int
take_record(deagg_state *state, deagg_cursor *cursor, PyObject *record)
{
    deagg_kinesis_record kinesis_record;
    if (deagg_source_read(state, record, &kinesis_record) < 0) {
        return -1;
    }
    int result = -1;
    kpl_status status;
    if (open_aggregate(state, cursor, &kinesis_record, &status) < 0) {
        goto done;
    }
    if (deagg_is_damage(status) && deagg_damage_log(state, &kinesis_record, status) < 0) {
        goto done;
    }
    result = status == KPL_OK;
done:
    deagg_source_clear(&kinesis_record);
    return result;
}

/* The next result as a new reference, or NULL: with an exception on error, without one at the end.
 */
static PyObject *
advance(deagg_state *state, deagg_cursor *cursor)
{
    if (cursor->records != NULL && begin(cursor) < 0) {
        return NULL;
    }
    for (;;) {
        deagg_user_records *user_records = &cursor->user_records;
        if (user_records->aggregate != NULL) {
            if (cursor->next_index < user_records->aggregate->n_records) {
                return deagg_user_records_get(state, user_records, cursor->next_index++);
            }
            deagg_user_records_clear(user_records);
        }
        PyObject *record = cursor->input == NULL ? NULL : PyIter_Next(cursor->input);
        if (record == NULL) {
            return NULL;
        }
        int is_aggregate = take_record(state, cursor, record);
        if (is_aggregate == 0) {
            return record;
        }
        Py_DECREF(record);
        if (is_aggregate < 0) {
            return NULL;
        }
    }
}

/* Marks the cursor as running, for as long as its fields are in use. 0, or -1 with ValueError. */
static int
enter(deagg_cursor *cursor)
{
    if (cursor->running) {
        PyErr_SetString(PyExc_ValueError, "iterator already executing");
        return -1;
    }
    cursor->running = true;
    return 0;
}

static PyObject *
cursor_next(PyObject *self)
{
    deagg_cursor *cursor = (deagg_cursor *)self;
    if (enter(cursor) < 0) {
        return NULL;
    }
    PyObject *result = advance(PyType_GetModuleState(Py_TYPE(self)), cursor);
    if (result == NULL) {
        finish(cursor);
    }
    cursor->running = false;
    return result;
}

PyObject *
deagg_cursor_drain(PyObject *self)
{
    PyObject *list = PyList_New(0);
    PyObject *result;
    while (list != NULL && (result = cursor_next(self)) != NULL) {
        int appended = PyList_Append(list, result);
        Py_DECREF(result);
        if (appended < 0) {
            Py_CLEAR(list);
        }
    }
    if (PyErr_Occurred()) {
        Py_CLEAR(list);
    }
    return list;
}

PyDoc_STRVAR(close_doc,
             "close($self, /)\n"
             "--\n"
             "\n"
             "Finish the iterator: it lets go of the records and yields nothing more.\n"
             "\n"
             "Raises ValueError while the iterator is running, in this thread or another.");

static PyObject *
cursor_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    deagg_cursor *cursor = (deagg_cursor *)self;
    if (enter(cursor) < 0) {
        return NULL;
    }
    finish(cursor);
    cursor->running = false;
    Py_RETURN_NONE;
}

static int
cursor_traverse(PyObject *self, visitproc visit, void *arg)
{
    deagg_cursor *cursor = (deagg_cursor *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(cursor->records);
    Py_VISIT(cursor->input);
    Py_VISIT(cursor->user_records.record);
    Py_VISIT(cursor->user_records.kinesis);
    return 0;
}

static int
cursor_clear(PyObject *self)
{
    finish((deagg_cursor *)self);
    return 0;
}

static void
cursor_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    finish((deagg_cursor *)self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyMethodDef cursor_methods[] = {
    {"close", cursor_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    cursor_doc,
    "Iterator over user records, as iter_deaggregate_records() returns it.\n"
    "\n"
    "It behaves as a generator does, without send() and throw(): after an error, the end or\n"
    "close() it is finished, and entering it while it runs raises ValueError.");

static PyType_Slot cursor_slots[] = {
    {Py_tp_doc, (void *)cursor_doc},   {Py_tp_dealloc, cursor_dealloc},
    {Py_tp_traverse, cursor_traverse}, {Py_tp_clear, cursor_clear},
    {Py_tp_iter, PyObject_SelfIter},   {Py_tp_iternext, cursor_next},
    {Py_tp_methods, cursor_methods},   {0, NULL},
};

PyType_Spec deagg_cursor_spec = {
    .name = "aws_kpl_deagg._deagg.UserRecordIterator",
    .basicsize = sizeof(deagg_cursor),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = cursor_slots,
};
