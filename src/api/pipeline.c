/* The walk over Kinesis records: see walk.h. */
#include "api/pipeline.h"

#include "input/lambda_shape.h"
#include "output/errors.h"
#include "api/shard_filter.h"
#include "base/mapping.h"
#include "output/passthrough.h"

deagg_walk
deagg_walk_new(PyObject *records, const deagg_options *options)
{
    return (deagg_walk){
        .options = *options,
        .records = Py_NewRef(records),
        .reader = deagg_reader_new(),
    };
}

void
deagg_walk_finish(deagg_walk *walk)
{
    Py_CLEAR(walk->records);
    Py_CLEAR(walk->input);
    deagg_user_records_clear(&walk->user_records);
    deagg_reader_release(&walk->reader);
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
begin(deagg_state *state, deagg_walk *walk)
{
    PyObject *records = walk->records;
    walk->records = NULL;
    if (deagg_is_mapping(records)) {
        Py_SETREF(records, records_of_mapping(state, records));
    }
    if (records == NULL) {
        return -1;
    }
    if (is_sequence(records)) {
        walk->input = records;
        return 0;
    }
    walk->input = PyObject_GetIter(records);
    Py_DECREF(records);
    return walk->input == NULL ? -1 : 0;
}

/* The next Kinesis record as a new reference, or NULL: with an exception on error, without one at
 * the end. */
static PyObject *
next_record(deagg_walk *walk)
{
    if (walk->input == NULL) {
        return NULL;
    }
    if (is_sequence(walk->input)) {
        return deagg_sequence_item(walk->input, walk->index++);
    }
    /* It may be another of our iterators, and so on, deeper than the C stack. */
    if (Py_EnterRecursiveCall(" while deaggregating")) {
        return NULL;
    }
    PyObject *record = PyIter_Next(walk->input);
    Py_LeaveRecursiveCall();
    return record;
}

/* Drops the aggregate that was just opened if it lies outside the range asked for. 0 with *status
 * set, or -1 with an exception. */
static int
apply_hash_key_range(deagg_state *state, deagg_walk *walk, PyObject *metadata, kpl_status *status)
{
    if (!walk->options.has_hash_key_range) {
        return 0;
    }
    bool inside;
    if (deagg_hash_key_range_check(&walk->options, &walk->user_records.keys, status, &inside) <
        0) {
        return -1;
    }
    if (*status == KPL_OK && inside) {
        return 0;
    }
    deagg_user_records_clear(&walk->user_records);
    return *status == KPL_OK ? deagg_log_dropped(state, metadata) : 0;
}

/* Reads the payload and, if it is an aggregate, prepares its user records. 0 with *status set, or
 * -1 with an exception. */
static int
open_record(deagg_state *state, deagg_walk *walk, const deagg_kinesis_record *kinesis_record,
            kpl_status *status)
{
    const kpl_aggregate *aggregate;
    PyObject *records = is_sequence(walk->input) ? walk->input : NULL;
    if (deagg_reader_read(state, &walk->options, &walk->reader, records, walk->index - 1,
                          kinesis_record, status, &aggregate) < 0) {
        return -1;
    }
    if (*status != KPL_OK) {
        return 0;
    }
    if (deagg_user_records_begin(state, &walk->user_records, kinesis_record->record,
                                 kinesis_record->metadata, aggregate) < 0) {
        return -1;
    }
    walk->sub_sequence_number = 0;
    return apply_hash_key_range(state, walk, kinesis_record->metadata, status);
}

/* Takes in one Kinesis record. 1 when it is an aggregate, whose user records, if any, come next; 0
 * with a new reference in *passed, which is to come out; -1 with an exception. */
static int
take_record(deagg_state *state, deagg_walk *walk, PyObject *record, PyObject **passed)
{
    deagg_kinesis_record kinesis_record;
    if (deagg_source_read(state, record, &kinesis_record) < 0) {
        return -1;
    }
    int result = -1;
    kpl_status status;
    if (deagg_conversion_to_lambda(state, &kinesis_record) < 0 ||
        open_record(state, walk, &kinesis_record, &status) < 0) {
        goto done;
    }
    if (status == KPL_OK) {
        result = 1;
        goto done;
    }
    *passed = deagg_passed_record(state, &walk->options, &kinesis_record, status);
    result = *passed == NULL ? -1 : 0;
done:
    deagg_source_clear(&kinesis_record);
    return result;
}

bool
deagg_walk_has_user_record(const deagg_walk *walk)
{
    const kpl_aggregate *aggregate = walk->user_records.keys.aggregate;
    return aggregate != NULL && walk->sub_sequence_number < aggregate->n_records;
}

PyObject *
deagg_walk_next_user_record(deagg_state *state, deagg_walk *walk)
{
    return deagg_user_records_get(state, &walk->options, &walk->user_records,
                                  walk->sub_sequence_number++);
}

/* As deagg_walk_move_on, but a StopIteration of foreign code stays one. */
static int
move_on(deagg_state *state, deagg_walk *walk, PyObject **passed)
{
    if (walk->records != NULL && begin(state, walk) < 0) {
        return -1;
    }
    while (!deagg_walk_has_user_record(walk)) {
        deagg_user_records_clear(&walk->user_records);
        PyObject *record = next_record(walk);
        if (record == NULL) {
            return -1;
        }
        int is_aggregate = take_record(state, walk, record, passed);
        Py_DECREF(record);
        if (is_aggregate <= 0) {
            return is_aggregate;
        }
    }
    return 1;
}

/* Makes a RuntimeError of the StopIteration that is set, which becomes its cause. */
static void
replace_stop_iteration(void)
{
    PyObject *stop_iteration = deagg_exception_take();
    PyErr_SetString(PyExc_RuntimeError, "iterator raised StopIteration");
    PyObject *error = deagg_exception_take();
    PyException_SetCause(error, Py_NewRef(stop_iteration));
    PyException_SetContext(error, stop_iteration);
    deagg_exception_set(error);
}

int
deagg_walk_move_on(deagg_state *state, deagg_walk *walk, PyObject **passed)
{
    int moved = move_on(state, walk, passed);
    if (moved < 0 && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_StopIteration)) {
        replace_stop_iteration();
    }
    return moved;
}

int
deagg_walk_traverse(deagg_walk *walk, visitproc visit, void *arg)
{
    Py_VISIT(walk->records);
    Py_VISIT(walk->input);
    Py_VISIT(walk->user_records.record);
    Py_VISIT(walk->user_records.kinesis);
    return 0;
}
