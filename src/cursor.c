/* The walk over Kinesis records: see cursor.h.
 *
 * It behaves as a generator does: nothing is read before the first step, an error or the end
 * finishes it, and it cannot be entered while it runs. */
#include "cursor.h"

#include "conversion.h"
#include "damage.h"
#include "hash_key_range.h"
#include "passed_record.h"
#include "reader.h"
#include "user_record.h"

typedef struct {
    PyObject_HEAD
    bool running;
    deagg_options options;
    PyObject *records;   /* strong: the argument, until the first step */
    PyObject *input;     /* strong, from then on: an exact list or tuple, or an iterator */
    Py_ssize_t index;    /* of the next Kinesis record in a list or tuple */
    deagg_reader reader; /* holds the aggregate being yielded */
    deagg_user_records user_records; /* of that aggregate; empty between aggregates */
    size_t sub_sequence_number;      /* of the user record to yield next */
} deagg_cursor;

PyObject *
deagg_cursor_new(deagg_state *state, PyObject *records, const deagg_options *options)
{
    deagg_cursor *cursor = PyObject_GC_New(deagg_cursor, state->iterator_type);
    if (cursor == NULL) {
        return NULL;
    }
    cursor->running = false;
    cursor->options = *options;
    cursor->records = Py_NewRef(records);
    cursor->input = NULL;
    cursor->index = 0;
    cursor->reader = deagg_reader_new();
    cursor->user_records = (deagg_user_records){0};
    cursor->sub_sequence_number = 0;
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
    deagg_reader_release(&cursor->reader);
}

static bool
is_sequence(PyObject *records)
{
    return PyList_CheckExact(records) || PyTuple_CheckExact(records);
}

/* What to walk over when the argument is a mapping: the records of a whole event, or the one
 * record that it is. A new reference, or NULL with an exception. */
static PyObject *
records_of_mapping(deagg_state *state, PyObject *mapping)
{
    int known = deagg_source_is_known(state, mapping);
    if (known < 0) {
        return NULL;
    }
    PyObject *records = NULL;
    if (known == 0 && deagg_source_records_of(state, mapping, &records) < 0) {
        return NULL;
    }
    return records != NULL ? records : PyTuple_Pack(1, mapping);
}

/* Looks at the argument for the first time. 0, or -1 with an exception. */
static int
begin(deagg_state *state, deagg_cursor *cursor)
{
    PyObject *records = cursor->records;
    cursor->records = NULL;
    if (deagg_is_mapping(records)) {
        Py_SETREF(records, records_of_mapping(state, records));
    }
    if (records == NULL) {
        return -1;
    }
    if (is_sequence(records)) {
        cursor->input = records;
        return 0;
    }
    cursor->input = PyObject_GetIter(records);
    Py_DECREF(records);
    return cursor->input == NULL ? -1 : 0;
}

/* The next Kinesis record as a new reference, or NULL: with an exception on error, without one at
 * the end. */
static PyObject *
next_record(deagg_cursor *cursor)
{
    if (cursor->input == NULL) {
        return NULL;
    }
    if (is_sequence(cursor->input)) {
        return deagg_sequence_item(cursor->input, cursor->index++);
    }
    return PyIter_Next(cursor->input);
}

/* Drops the aggregate that was just opened if it lies outside the range asked for. 0 with *status
 * set, or -1 with an exception. */
static int
apply_hash_key_range(deagg_state *state, deagg_cursor *cursor, PyObject *metadata,
                     kpl_status *status)
{
    bool inside;
    if (!cursor->options.has_hash_key_range) {
        return 0;
    }
    if (deagg_hash_key_range_check(&cursor->options, &cursor->user_records.keys, status, &inside) <
        0) {
        return -1;
    }
    if (*status == KPL_OK && inside) {
        return 0;
    }
    deagg_user_records_clear(&cursor->user_records);
    return *status == KPL_OK ? deagg_log_dropped(state, metadata) : 0;
}

/* Reads the payload and, if it is an aggregate, prepares its user records. 0 with *status set, or
 * -1 with an exception. */
static int
open_record(deagg_state *state, deagg_cursor *cursor, const deagg_kinesis_record *kinesis_record,
            kpl_status *status)
{
    const kpl_aggregate *aggregate;
    PyObject *records = is_sequence(cursor->input) ? cursor->input : NULL;
    if (deagg_reader_read(state, &cursor->options, &cursor->reader, records, cursor->index - 1,
                          kinesis_record, status, &aggregate) < 0) {
        return -1;
    }
    if (*status != KPL_OK) {
        return 0;
    }
    if (deagg_user_records_begin(state, &cursor->user_records, kinesis_record->record,
                                 kinesis_record->metadata, aggregate) < 0) {
        return -1;
    }
    cursor->sub_sequence_number = 0;
    return apply_hash_key_range(state, cursor, kinesis_record->metadata, status);
}

/* Takes in one Kinesis record. 1 when it is an aggregate, whose user records, if any, come next; 0
 * with a new reference in *passed, which is to come out; -1 with an exception. */
static int
take_record(deagg_state *state, deagg_cursor *cursor, PyObject *record, PyObject **passed)
{
    deagg_kinesis_record kinesis_record;
    if (deagg_source_read(state, record, &kinesis_record) < 0) {
        return -1;
    }
    int result = -1;
    kpl_status status;
    if (deagg_conversion_to_lambda(state, &kinesis_record) < 0 ||
        open_record(state, cursor, &kinesis_record, &status) < 0) {
        goto done;
    }
    if (status == KPL_OK) {
        result = 1;
        goto done;
    }
    *passed = deagg_passed_record(state, &cursor->options, &kinesis_record, status);
    result = *passed == NULL ? -1 : 0;
done:
    deagg_source_clear(&kinesis_record);
    return result;
}

/* Whether the aggregate being yielded has user records left. */
static bool
has_user_record(deagg_cursor *cursor)
{
    const kpl_aggregate *aggregate = cursor->user_records.keys.aggregate;
    return aggregate != NULL && cursor->sub_sequence_number < aggregate->n_records;
}

static PyObject *
next_user_record(deagg_state *state, deagg_cursor *cursor)
{
    return deagg_user_records_get(state, &cursor->options, &cursor->user_records,
                                  cursor->sub_sequence_number++);
}

/* Moves on to something that comes out. 1 when has_user_record; 0 with a new reference in *passed,
 * a Kinesis record that is not unpacked; -1 with an exception, or without one at the end. */
static int
move_on(deagg_state *state, deagg_cursor *cursor, PyObject **passed)
{
    if (cursor->records != NULL && begin(state, cursor) < 0) {
        return -1;
    }
    while (!has_user_record(cursor)) {
        deagg_user_records_clear(&cursor->user_records);
        PyObject *record = next_record(cursor);
        if (record == NULL) {
            return -1;
        }
        int is_aggregate = take_record(state, cursor, record, passed);
        Py_DECREF(record);
        if (is_aggregate <= 0) {
            return is_aggregate;
        }
    }
    return 1;
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
    deagg_state *state = PyType_GetModuleState(Py_TYPE(self));
    if (enter(cursor) < 0) {
        return NULL;
    }
    PyObject *result = NULL;
    if (move_on(state, cursor, &result) > 0) {
        result = next_user_record(state, cursor);
    }
    if (result == NULL) {
        finish(cursor);
    }
    cursor->running = false;
    return result;
}

/* Appends `item`, whose reference it takes and which may be NULL after an error. 0, or -1 with an
 * exception. */
static int
append_stolen(PyObject *list, PyObject *item)
{
    if (item == NULL) {
        return -1;
    }
    int result = PyList_Append(list, item);
    Py_DECREF(item);
    return result;
}

/* Appends all user records of the aggregate being yielded. 0, or -1 with an exception. */
static int
append_user_records(deagg_state *state, deagg_cursor *cursor, PyObject *list)
{
    int result = 0;
    bool was_enabled = deagg_collector_hold_off();
    while (result == 0 && has_user_record(cursor)) {
        result = append_stolen(list, next_user_record(state, cursor));
    }
    deagg_collector_resume(was_enabled);
    return result;
}

/* Appends all that is left. 0 at the end, or -1 with an exception. */
static int
append_all(deagg_state *state, deagg_cursor *cursor, PyObject *list)
{
    PyObject *passed;
    int moved;
    while ((moved = move_on(state, cursor, &passed)) >= 0) {
        int appended =
            moved > 0 ? append_user_records(state, cursor, list) : append_stolen(list, passed);
        if (appended < 0) {
            return -1;
        }
    }
    return PyErr_Occurred() ? -1 : 0;
}

PyObject *
deagg_cursor_drain(PyObject *self)
{
    deagg_cursor *cursor = (deagg_cursor *)self;
    PyObject *list = PyList_New(0);
    if (list == NULL || enter(cursor) < 0) {
        goto error;
    }
    int drained = append_all(PyType_GetModuleState(Py_TYPE(self)), cursor, list);
    finish(cursor);
    cursor->running = false;
    if (drained == 0) {
        return list;
    }

error:
    Py_XDECREF(list);
    return NULL;
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
