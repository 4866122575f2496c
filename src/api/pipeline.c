/* How a Kinesis record becomes user records.
 *
 * deaggregate_records() and iter_deaggregate_records() both drive a pipeline. A step,
 * deagg_pipeline_advance, reads Kinesis records until there is one to pass through or an aggregate
 * with user records. deaggregate_records() then builds all of these, the iterator one per next().
 *
 * - The argument: a whole event or response is replaced by its list of records, a single record by
 *   a tuple of one (input/kinesis_record), anything else that is not a list or tuple by its
 *   iterator.
 * - Read: input/kinesis_record recognises the record's source by its keys and finds its metadata
 *   and its payload; input/lambda_shape converts the record to Lambda's shape. A record of the
 *   wrong shape raises here.
 * - Decode, check: input/payload decodes base64 and checks the frame: the magic, the length and
 *   the MD5 digest. A payload without the magic is plain. The first six characters of base64 are
 *   enough to see that.
 * - Unpack: kpl/message has protobuf-c unpack the message into an arena, under a cap on memory,
 *   and checks every index into the key tables. input/extractor does this and the step before.
 * - Filter: with hash_key_range, api/shard_filter finds aggregates of other shards, to be dropped.
 * - Build: output/user_record_dicts builds one dict per user record, when its turn comes. It
 * copies templates, which output/prototypes makes once per aggregate. The dicts of a list share
 * their keys, since there memory decides; those of an iterator do not, since that costs time.
 * - Pass through: output/passthrough yields a plain or damaged record: one from Lambda itself, or
 *   a copy with decode; any other as it was converted. It first reports a damaged one by
 *   output/errors: a WARNING, or AggregateError if strict. Nothing is lost.
 *
 * Lookahead. MD5 is most of the work, and one message at a time cannot use a vector unit. So when
 * the input is an exact list or tuple, input/lookahead decodes the payloads of up to 32 records
 * together and hashes them side by side. The caller hardly sees this: only objects that cannot
 * change are read ahead (exact ASCII str and bytes, found in exact dicts), which runs no user code
 * except comparisons of user-defined keys; no damage is reported before the record's turn, and no
 * error raised except MemoryError or a KeyboardInterrupt from such a comparison; and a result
 * counts only if the record then still has the same payload object. Otherwise the payload is
 * decoded on its own.
 *
 * Ownership. The pipeline owns the input, the extractor and the templates. The extractor owns
 * decoded text and the arena with the current aggregate, which are valid until it extracts the
 * next one. The templates own references to the metadata of the current record and to the keys as
 * str, and borrow the aggregate. Dicts that were yielded refer only to Python objects, never to
 * memory of the pipeline. The Kinesis record itself is held only while it is read.
 *
 * The GIL is released around decoding, hashing and unpacking of 128 KiB or more, counting the
 * payloads of a lookahead together (base/gil.h). Those bytes cannot change: they belong to a str,
 * to an exact bytes object, or to a copy.
 *
 * User code may run in every step, except while the GIL is released and while user records are
 * built (before 3.12 the collector may run finalizers even there): from iterators, mappings,
 * user-defined keys, buffers, log handlers and, whenever a reference is dropped, from finalizers.
 * It cannot enter the same pipeline again: the iterator's gate is closed (iterator.c), and the
 * pipeline of deaggregate_records() is local to the call. So a step needs strong references to the
 * objects that it uses, but the pipeline's own fields do not change under it. */
#include "api/pipeline.h"

#include "api/shard_filter.h"
#include "base/mapping.h"
#include "input/lambda_shape.h"
#include "output/errors.h"
#include "output/passthrough.h"

deagg_pipeline
deagg_pipeline_new(PyObject *records, const deagg_options *options, bool share_keys)
{
    return (deagg_pipeline){
        .options = *options,
        .records = Py_NewRef(records),
        .extractor = deagg_extractor_new(options->verify),
        .share_keys = share_keys,
    };
}

void
deagg_pipeline_finish(deagg_pipeline *pipeline)
{
    Py_CLEAR(pipeline->records);
    Py_CLEAR(pipeline->input);
    deagg_record_templates_clear(&pipeline->templates);
    deagg_extractor_release(&pipeline->extractor);
}

static bool
is_sequence(PyObject *records)
{
    return PyList_CheckExact(records) || PyTuple_CheckExact(records);
}

/* The Kinesis records in a mapping: those of a whole event, or the mapping as the only record. A
 * new reference, or NULL with an exception. */
static PyObject *
get_records_of_mapping(deagg_state *state, PyObject *mapping)
{
    int known = deagg_kinesis_record_is_known(state, mapping);
    if (known < 0) {
        return NULL;
    }
    PyObject *records;
    int found = known ? 0 : deagg_event_find_records(state, mapping, &records);
    if (found < 0) {
        return NULL;
    }
    return found ? records : PyTuple_Pack(1, mapping);
}

/* Sets TypeError, with a hint, if the argument is text or a payload instead of records. 0, or -1
 * with TypeError. */
static int
reject_text_and_payload(PyObject *records)
{
    if (PyUnicode_Check(records)) {
        PyErr_SetString(PyExc_TypeError,
                        "records must be Kinesis records, not 'str'; json.loads() reads an event, "
                        "and unpack() takes a payload after base64.b64decode()");
        return -1;
    }
    if (PyBytes_Check(records) || PyByteArray_Check(records) || PyMemoryView_Check(records)) {
        PyErr_Format(PyExc_TypeError,
                     "records must be Kinesis records, not '%.200s'; unpack() takes a payload",
                     Py_TYPE(records)->tp_name);
        return -1;
    }
    return 0;
}

/* Turns the argument into the input, in the first step. 0, or -1 with an exception. */
static int
start(deagg_pipeline *pipeline, deagg_state *state)
{
    PyObject *records = pipeline->records;
    pipeline->records = NULL;
    if (reject_text_and_payload(records) < 0) {
        Py_DECREF(records);
        return -1;
    }
    if (deagg_is_mapping(records)) {
        Py_SETREF(records, get_records_of_mapping(state, records));
    }
    if (records == NULL) {
        return -1;
    }
    if (is_sequence(records)) {
        pipeline->input = records;
        return 0;
    }
    pipeline->input = PyObject_GetIter(records);
    Py_DECREF(records);
    return pipeline->input == NULL ? -1 : 0;
}

/* Fetches the next Kinesis record from an iterator. Returns as fetch_record does. */
static int
fetch_from_iterator(PyObject *iterator, PyObject **record)
{
    /* It may be another of our iterators, nested more deeply than the C stack allows. */
    if (Py_EnterRecursiveCall(" while deaggregating")) {
        return -1;
    }
    *record = PyIter_Next(iterator);
    Py_LeaveRecursiveCall();
    if (*record == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    return 1;
}

/* Fetches the next Kinesis record: 1 with a new reference in *record, 0 at the end, or -1 with an
 * exception. */
static int
fetch_record(deagg_pipeline *pipeline, PyObject **record)
{
    if (pipeline->input == NULL) {
        return 0;
    }
    Py_ssize_t index = pipeline->index++;
    if (!is_sequence(pipeline->input)) {
        return fetch_from_iterator(pipeline->input, record);
    }
    *record = deagg_sequence_item(pipeline->input, index);
    return *record != NULL;
}

/* Drops the current aggregate if it lies outside the range of the option. KPL_OK,
 * KPL_INVALID_HASH_KEY or KPL_EXCEPTION. */
static kpl_status
drop_if_outside_range(deagg_pipeline *pipeline, deagg_state *state, PyObject *metadata)
{
    bool inside;
    kpl_status status =
        deagg_shard_filter_check(&pipeline->options, &pipeline->templates.keys, &inside);
    if (status == KPL_OK && inside) {
        return KPL_OK;
    }
    deagg_record_templates_clear(&pipeline->templates);
    if (status == KPL_OK && deagg_errors_report_dropped(state, metadata) < 0) {
        return KPL_EXCEPTION;
    }
    return status;
}

/* Extracts the aggregate from `kinesis_record`. KPL_OK if it is now the current one or was
 * dropped; the status of a plain or damaged record; or KPL_EXCEPTION. */
static kpl_status
extract_aggregate(deagg_pipeline *pipeline, deagg_state *state,
                  const deagg_kinesis_record *kinesis_record)
{
    const kpl_aggregate *aggregate;
    PyObject *records = is_sequence(pipeline->input) ? pipeline->input : NULL;
    kpl_status status = deagg_extractor_extract(&pipeline->extractor, state, records,
                                                pipeline->index - 1, kinesis_record, &aggregate);
    if (status != KPL_OK) {
        return status;
    }
    if (deagg_record_templates_init(&pipeline->templates, state, kinesis_record->record,
                                    kinesis_record->metadata, pipeline->share_keys,
                                    aggregate) < 0) {
        return KPL_EXCEPTION;
    }
    pipeline->sub_sequence_number = 0;
    return pipeline->options.has_hash_key_range
               ? drop_if_outside_range(pipeline, state, kinesis_record->metadata)
               : KPL_OK;
}

/* Reads one Kinesis record. 1 with a new reference in *passed if it is passed through; 0 if it was
 * an aggregate, now the current one unless it was dropped; or -1 with an exception. */
static int
read_record(deagg_pipeline *pipeline, deagg_state *state, PyObject *record, PyObject **passed)
{
    deagg_kinesis_record kinesis_record;
    if (deagg_kinesis_record_read(state, record, pipeline->index - 1, &kinesis_record) < 0) {
        return -1;
    }
    int result = -1;
    if (deagg_lambda_shape_convert(state, &kinesis_record) < 0) {
        goto done;
    }
    kpl_status status = extract_aggregate(pipeline, state, &kinesis_record);
    if (status == KPL_OK) {
        result = 0;
    }
    else if (status != KPL_EXCEPTION) {
        *passed = deagg_passthrough(state, pipeline->options.boto3, pipeline->options.decode,
                                    pipeline->options.strict, &kinesis_record, status);
        result = *passed == NULL ? -1 : 1;
    }
done:
    deagg_kinesis_record_clear(&kinesis_record);
    return result;
}

bool
deagg_pipeline_has_user_record(const deagg_pipeline *pipeline)
{
    const kpl_aggregate *aggregate = pipeline->templates.keys.aggregate;
    return aggregate != NULL &&
           pipeline->sub_sequence_number < kpl_aggregate_user_record_count(aggregate);
}

PyObject *
deagg_pipeline_next_user_record(deagg_pipeline *pipeline, deagg_state *state)
{
    return deagg_record_dict_new(&pipeline->templates, state, pipeline->options.decode,
                                 pipeline->sub_sequence_number++);
}

/* deagg_pipeline_advance, except that a StopIteration from user code stays one. */
static int
advance(deagg_pipeline *pipeline, deagg_state *state, PyObject **passed)
{
    *passed = NULL;
    if (pipeline->records != NULL && start(pipeline, state) < 0) {
        return -1;
    }
    while (!deagg_pipeline_has_user_record(pipeline)) {
        deagg_record_templates_clear(&pipeline->templates);
        PyObject *record;
        int fetched = fetch_record(pipeline, &record);
        if (fetched <= 0) {
            return fetched;
        }
        int passes = read_record(pipeline, state, record, passed);
        Py_DECREF(record);
        if (passes != 0) {
            return passes;
        }
    }
    return 1;
}

/* Replaces the current StopIteration with a RuntimeError that has it as its cause. */
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
deagg_pipeline_advance(deagg_pipeline *pipeline, deagg_state *state, PyObject **passed)
{
    int advanced = advance(pipeline, state, passed);
    if (advanced < 0 && PyErr_ExceptionMatches(PyExc_StopIteration)) {
        replace_stop_iteration();
    }
    return advanced;
}

/* Appends `item`. Steals the reference to it, which may be NULL after an error. 0, or -1 with an
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

/* Appends all user records of the current aggregate. 0, or -1 with an exception. */
static int
append_user_records(deagg_pipeline *pipeline, deagg_state *state, PyObject *list)
{
    int result = 0;
    bool was_enabled = deagg_collector_pause();
    while (result == 0 && deagg_pipeline_has_user_record(pipeline)) {
        result = append_stolen(list, deagg_pipeline_next_user_record(pipeline, state));
    }
    deagg_collector_resume(was_enabled);
    return result;
}

/* Appends all results. 0, or -1 with an exception. */
static int
append_all(deagg_pipeline *pipeline, deagg_state *state, PyObject *list)
{
    PyObject *passed;
    int advanced;
    while ((advanced = deagg_pipeline_advance(pipeline, state, &passed)) > 0) {
        int appended = passed == NULL ? append_user_records(pipeline, state, list)
                                      : append_stolen(list, passed);
        if (appended < 0) {
            return -1;
        }
    }
    return advanced;
}

PyObject *
deagg_pipeline_list(deagg_state *state, PyObject *records, const deagg_options *options)
{
    PyObject *list = PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    deagg_pipeline pipeline = deagg_pipeline_new(records, options, true);
    if (append_all(&pipeline, state, list) < 0) {
        Py_CLEAR(list);
    }
    deagg_pipeline_finish(&pipeline);
    return list;
}

int
deagg_pipeline_traverse(deagg_pipeline *pipeline, visitproc visit, void *arg)
{
    Py_VISIT(pipeline->records);
    Py_VISIT(pipeline->input);
    Py_VISIT(pipeline->templates.record);
    Py_VISIT(pipeline->templates.kinesis);
    return 0;
}
