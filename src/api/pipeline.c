/* The way of a Kinesis record, from the argument `records` to user records.
 *
 * deaggregate_records() and iter_deaggregate_records() both drive a pipeline, one step per result.
 * A step either yields the next user record of the current aggregate or reads Kinesis records
 * until there is a result:
 *
 *     argument       A whole event or response is replaced by its list of records (input/source),
 * a single record by a tuple of one, anything else that is not a list or tuple by its iterator.
 *     read           input/source recognises the record's source by its keys and finds its payload
 *                    and metadata; input/lambda_shape converts the record to Lambda's shape. A
 *                    record of the wrong shape raises here.
 *     decode, check  input/payload decodes base64 and checks the frame: the magic, the length and
 *                    the MD5 digest. A payload without the magic is plain; most are recognised by
 *                    their first six characters.
 *     unpack         kpl/message has protobuf-c unpack the message into an arena, under a cap on
 *                    memory, and checks every index into the key tables.
 *     filter         with hash_key_range, api/shard_filter drops an aggregate of another shard.
 *     build          output/record_dicts builds one dict per user record, when its turn comes.
 *     pass through   output/passthrough yields a plain or damaged record itself. A damaged one is
 *                    first reported by output/errors: a WARNING, or AggregateError if strict. From
 *                    then on it is treated like a plain one, so nothing is lost.
 *
 * Lookahead. MD5 is most of the work, and one message at a time cannot use a vector unit. So when
 * the input is an exact list or tuple, input/decoder lets input/lookahead decode the payloads of
 * up to 32 records together and hash them side by side. The caller cannot see this: only objects
 * that cannot change are read ahead (exact str and bytes, found in exact dicts); no damage is
 * reported and no error raised before the record's turn; and a result counts only if the record
 * then still has the same payload object. Otherwise the payload is decoded on its own.
 *
 * Ownership. The pipeline owns the input, the decoder and the templates. The decoder owns all
 * bytes: decoded text, and the arena with the current aggregate. They are valid until the next
 * record is decoded. The templates own references to the metadata of the current record and the
 * keys as str, and borrow the aggregate. Dicts that were yielded refer only to Python objects,
 * never to memory of the pipeline. The Kinesis record itself is held only during its step.
 *
 * The GIL is released around decoding, hashing and unpacking of 128 KiB or more (base/gil.h), over
 * bytes that cannot change: those of exact str and bytes objects, or copies.
 *
 * User code may run in every step except those named _nogil and the building of user records: from
 * iterators, mappings, user-defined keys, buffers, log handlers and, whenever a reference is
 * dropped, from finalizers. It cannot enter the pipeline again, since the iterator's gate is
 * closed (iterator.c). So a step needs strong references to what it uses, but the pipeline's own
 * fields do not change under it. */
#include "api/pipeline.h"

#include "api/shard_filter.h"
#include "base/mapping.h"
#include "input/lambda_shape.h"
#include "output/errors.h"
#include "output/passthrough.h"

deagg_pipeline
deagg_pipeline_new(PyObject *records, const deagg_options *options)
{
    return (deagg_pipeline){
        .options = *options,
        .records = Py_NewRef(records),
        .decoder = deagg_decoder_new(),
    };
}

void
deagg_pipeline_finish(deagg_pipeline *pipeline)
{
    Py_CLEAR(pipeline->records);
    Py_CLEAR(pipeline->input);
    deagg_record_templates_clear(&pipeline->templates);
    deagg_decoder_release(&pipeline->decoder);
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
    int known = deagg_source_is_known(state, mapping);
    if (known < 0) {
        return NULL;
    }
    PyObject *records;
    int found = known ? 0 : deagg_source_find_records(state, mapping, &records);
    if (found < 0) {
        return NULL;
    }
    return found ? records : PyTuple_Pack(1, mapping);
}

/* Turns the argument into the input, in the first step. 0, or -1 with an exception. */
static int
start(deagg_pipeline *pipeline, deagg_state *state)
{
    PyObject *records = pipeline->records;
    pipeline->records = NULL;
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
    if (!is_sequence(pipeline->input)) {
        return fetch_from_iterator(pipeline->input, record);
    }
    *record = deagg_sequence_item(pipeline->input, pipeline->index++);
    return *record != NULL;
}

/* Drops the current aggregate if it lies outside the range of the option. KPL_OK,
 * KPL_BAD_HASH_KEY or KPL_EXCEPTION. */
static kpl_status
filter(deagg_pipeline *pipeline, deagg_state *state, PyObject *metadata)
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

/* Makes the aggregate in `kinesis_record` the current one. KPL_OK; the status of a plain or
 * damaged record; or KPL_EXCEPTION. */
static kpl_status
open_aggregate(deagg_pipeline *pipeline, deagg_state *state,
               const deagg_kinesis_record *kinesis_record)
{
    const kpl_aggregate *aggregate;
    PyObject *records = is_sequence(pipeline->input) ? pipeline->input : NULL;
    kpl_status status =
        deagg_decoder_decode(&pipeline->decoder, state, pipeline->options.verify, records,
                             pipeline->index - 1, kinesis_record, &aggregate);
    if (status != KPL_OK) {
        return status;
    }
    if (deagg_record_templates_init(&pipeline->templates, state, kinesis_record->record,
                                    kinesis_record->metadata, aggregate) < 0) {
        return KPL_EXCEPTION;
    }
    pipeline->sub_sequence_number = 0;
    return pipeline->options.has_hash_key_range ? filter(pipeline, state, kinesis_record->metadata)
                                                : KPL_OK;
}

/* Reads one Kinesis record. 1 with a new reference in *passed if it is passed through; 0 if it was
 * an aggregate, now the current one; or -1 with an exception. */
static int
read_record(deagg_pipeline *pipeline, deagg_state *state, PyObject *record, PyObject **passed)
{
    deagg_kinesis_record kinesis_record;
    if (deagg_source_read(state, record, &kinesis_record) < 0) {
        return -1;
    }
    int result = -1;
    if (deagg_lambda_shape_convert(state, &kinesis_record) < 0) {
        goto done;
    }
    kpl_status status = open_aggregate(pipeline, state, &kinesis_record);
    if (status == KPL_OK) {
        result = 0;
    }
    else if (status != KPL_EXCEPTION) {
        *passed = deagg_passthrough(state, pipeline->options.decode, pipeline->options.strict,
                                    &kinesis_record, status);
        result = *passed == NULL ? -1 : 1;
    }
done:
    deagg_source_clear(&kinesis_record);
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

int
deagg_pipeline_traverse(deagg_pipeline *pipeline, visitproc visit, void *arg)
{
    Py_VISIT(pipeline->records);
    Py_VISIT(pipeline->input);
    Py_VISIT(pipeline->templates.record);
    Py_VISIT(pipeline->templates.kinesis);
    return 0;
}
