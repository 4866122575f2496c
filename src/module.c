/* The module aws_kpl_deagg._deagg: its functions with their docstrings, its types and its state.
 */
#include "api/iterator.h"
#include "api/options.h"
#include "api/pipeline.h"
#include "api/unpack.h"
#include "api/unpack_arrow.h"
#include "api/user_record_batches.h"
#include "kpl/message.h"
#include "output/errors.h"
#include "output/prototypes.h"
#include "output/user_record_type.h"

#define RECORDS_SIGNATURE                                                      \
    "(records, data_format=None, *, decode=False, strict=False, verify=True, " \
    "hash_key_range=None)\n--\n\n"

PyDoc_STRVAR(
    deaggregate_records_doc,
    "deaggregate_records" RECORDS_SIGNATURE
    "Return a list of all user records in `records`, in order.\n"
    "\n"
    "records: an iterable of Kinesis records (mappings), a single one, or a whole event or\n"
    "    response. The source of each record is recognised by its keys:\n"
    "        Lambda event              'kinesis'\n"
    "        boto3                     'Data', 'SequenceNumber'\n"
    "        Firehose transformation   'kinesisRecordMetadata'\n"
    "        Kinesis Data Analytics    'kinesisStreamRecordMetadata'\n"
    "        EventBridge Pipes         'data', 'sequenceNumber', 'kinesisSchemaVersion'\n"
    "    Payloads are base64, as str or bytes-like, except that a bytes-like object from boto3\n"
    "    is the payload itself.\n"
    "data_format: None, or 'Boto3' as callers of aws_kinesis_agg pass it: the data of a plain\n"
    "    or damaged record from boto3 then stays as it is, normally bytes, unless decode is "
    "True.\n"
    "decode: True returns data as bytes. A plain record whose text is not exactly base64, line\n"
    "    breaks aside, then counts as damaged; such text stays as it is.\n"
    "strict: True raises AggregateError for a damaged aggregate.\n"
    "verify: False does not check the MD5 digest of aggregates.\n"
    "hash_key_range: (first, last), ints from 0 to 2**128 - 1, both inclusive, or a shard's\n"
    "    HashKeyRange from boto3. Drops each aggregate that has a user record with a hash key\n"
    "    outside, with one INFO line.\n"
    "\n"
    "An aggregate of the Kinesis Producer Library (KPL) is replaced by its user records. Each is\n"
    "a new dict of this shape and order, whatever the source:\n"
    "\n"
    "    {'kinesis': {'kinesisSchemaVersion':         str\n"
    "                 'sequenceNumber':               str\n"
    "                 'approximateArrivalTimestamp':  float, seconds (Lambda, Pipes); int,\n"
    "                                                 milliseconds (Firehose, Analytics);\n"
    "                                                 datetime (boto3)\n"
    "                 'explicitHashKey':    str, or None if the user record has none\n"
    "                 'partitionKey':       str\n"
    "                 'subSequenceNumber':  int, from 0 within the aggregate\n"
    "                 'aggregated':         True\n"
    "                 'data':               str, base64; bytes with decode=True\n"
    "                 ...},                 all other metadata of the Kinesis record\n"
    "     ...}                              all other keys of a Lambda event's record, and the\n"
    "                                       event keys (eventSource, ...) of a Pipes record\n"
    "\n"
    "The first three are absent if the Kinesis record lacks them, except that the schema version\n"
    "is then '1.0' for sources other than Lambda.\n"
    "\n"
    "A record without the KPL's magic is plain and is passed through: a record from Lambda as\n"
    "the same object (with decode=True as a copy), a record from another source as a dict of\n"
    "this shape without 'explicitHashKey', 'subSequenceNumber' and 'aggregated'. A damaged\n"
    "aggregate, which has the magic but a fault, is passed through as well. One WARNING on the\n"
    "logger 'aws_kpl_deagg' reports its sequence number and the reason (AggregateError lists\n"
    "them), never the data.\n"
    "\n"
    "Raises AggregateError with strict=True; TypeError if `records` is not iterable, if a record\n"
    "is not a mapping, or if its data or hash_key_range has the wrong type; KeyError if a\n"
    "record's source is unknown or its data is missing; ValueError for a wrong data_format or\n"
    "hash_key_range.\n"
    "\n"
    "Example:\n"
    "    for record in deaggregate_records(event['Records'], decode=True):\n"
    "        print(record['kinesis']['partitionKey'], record['kinesis']['data'])\n"
    "\n"
    "The format:\n"
    "https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md");

PyDoc_STRVAR(
    iter_deaggregate_records_doc,
    "iter_deaggregate_records" RECORDS_SIGNATURE
    "Return an iterator over all user records in `records`, in order.\n"
    "\n"
    "Accepts, yields and raises the same as deaggregate_records(), lazily: the call itself "
    "checks\n"
    "only the options, and records are read one at a time, from an endless iterator too. Memory\n"
    "does not grow with the number of records. close() finishes the iterator, as does the end of\n"
    "a with block.\n"
    "\n"
    "Example:\n"
    "    with iter_deaggregate_records(event['Records']) as records:\n"
    "        first = next(records, None)");

PyDoc_STRVAR(
    is_aggregated_doc,
    "is_aggregated(payload)\n--\n\n"
    "Return whether `payload`, a bytes-like object, has the magic, length and MD5 digest of an\n"
    "aggregate of the Kinesis Producer Library. Its message may still be malformed.\n"
    "\n"
    "Raises TypeError if `payload` is not bytes-like.\n"
    "\n"
    "Example:\n"
    "    aggregates = [record for record in response['Records'] if "
    "is_aggregated(record['Data'])]");

PyDoc_STRVAR(
    unpack_doc,
    "unpack(payload, *, verify=True)\n--\n\n"
    "Return a list of the UserRecords in `payload`, a bytes-like object that holds an aggregate\n"
    "of the Kinesis Producer Library.\n"
    "\n"
    "verify: False does not check the MD5 digest.\n"
    "\n"
    "Raises AggregateError if `payload` is not an aggregate, with the reason 'not aggregated' "
    "for\n"
    "a plain payload, and TypeError if it is not bytes-like.\n"
    "\n"
    "Example:\n"
    "    for partition_key, explicit_hash_key, data, tags in unpack(payload):\n"
    "        print(partition_key, data)");

PyDoc_STRVAR(
    unpack_arrow_doc,
    "unpack_arrow(payloads, *, verify=True)\n--\n\n"
    "Return the user records in all `payloads` as columns: a UserRecordBatches, which pyarrow,\n"
    "Polars, DuckDB and pandas 3 read without a copy.\n"
    "\n"
    "payloads: a sequence of bytes-like objects and None, or a column of type binary, large\n"
    "    binary or binary view that has __arrow_c_stream__ or __arrow_c_array__.\n"
    "verify: False does not check the MD5 digest of aggregates.\n"
    "\n"
    "The columns:\n"
    "    payload_index        int64   of the payload, from 0\n"
    "    sub_sequence_number  int32   of the user record, from 0 within the aggregate\n"
    "    partition_key        utf8\n"
    "    explicit_hash_key    utf8    null if the user record has none\n"
    "    data                 binary\n"
    "    damage               utf8    the reason, as AggregateError lists them\n"
    "\n"
    "Nothing is lost: a payload that is not an aggregate is a row with its data alone, a damaged\n"
    "one has the reason too, and None is a row with its index alone. An aggregate without user\n"
    "records has no row. Keys are UTF-8 with invalid bytes as U+FFFD. Tags are left out: the KPL\n"
    "writes none. An aggregate whose rows would take more than 80 times its payload, plus\n"
    "128 KiB, is damaged: 'needs too much memory'.\n"
    "\n"
    "Raises TypeError if `payloads` or one of its items has the wrong type, MemoryError, and\n"
    "OSError if the producer of the column fails.\n"
    "\n"
    "Example:\n"
    "    table = pyarrow.table(unpack_arrow([record['Data'] for record in response['Records']]))\n"
    "\n"
    "The format of the columns: https://arrow.apache.org/docs/format/CDataInterface.html");

/* Parses the arguments of either function and returns the result of `make`; NULL with an
 * exception. `format` is the one of deagg_options_parse. */
static PyObject *
parse_and_make(PyObject *module, PyObject *args, PyObject *kwargs, const char *format,
               PyObject *(*make)(deagg_state *, PyObject *, const deagg_options *))
{
    deagg_state *state = PyModule_GetState(module);
    PyObject *records;
    deagg_options options;
    if (deagg_options_parse(state, args, kwargs, format, &records, &options) < 0) {
        return NULL;
    }
    PyObject *made = make(state, records, &options);
    Py_DECREF(records);
    return made;
}

static PyObject *
deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return parse_and_make(module, args, kwargs, "O|O$OOOO:deaggregate_records",
                          deagg_pipeline_list);
}

static PyObject *
iter_deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return parse_and_make(module, args, kwargs, "O|O$OOOO:iter_deaggregate_records",
                          deagg_iterator_new);
}

static PyObject *
is_aggregated(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"payload", NULL};
    PyObject *payload;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:is_aggregated", names, &payload)) {
        return NULL;
    }
    /* User code in the payload's buffer may clear `kwargs`. */
    Py_INCREF(payload);
    int aggregated = deagg_is_aggregated(PyModule_GetState(module), payload);
    Py_DECREF(payload);
    return aggregated < 0 ? NULL : PyBool_FromLong(aggregated);
}

static PyObject *
unpack(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"payload", "verify", NULL};
    PyObject *payload;
    PyObject *verify = Py_True;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O:unpack", names, &payload, &verify)) {
        return NULL;
    }
    /* verify.__bool__ may clear `kwargs`. */
    Py_INCREF(payload);
    int verifies = PyObject_IsTrue(verify);
    PyObject *list =
        verifies < 0 ? NULL : deagg_unpack(PyModule_GetState(module), payload, verifies);
    Py_DECREF(payload);
    return list;
}

static PyObject *
unpack_arrow(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"payloads", "verify", NULL};
    PyObject *payloads;
    PyObject *verify = Py_True;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O:unpack_arrow", names, &payloads,
                                     &verify)) {
        return NULL;
    }
    /* verify.__bool__ may clear `kwargs`. */
    Py_INCREF(payloads);
    int verifies = PyObject_IsTrue(verify);
    PyObject *batches =
        verifies < 0 ? NULL : deagg_unpack_arrow(PyModule_GetState(module), payloads, verifies);
    Py_DECREF(payloads);
    return batches;
}

static PyMethodDef module_methods[] = {
    {"deaggregate_records", (PyCFunction)(void (*)(void))deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, deaggregate_records_doc},
    {"iter_deaggregate_records", (PyCFunction)(void (*)(void))iter_deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, iter_deaggregate_records_doc},
    {"is_aggregated", (PyCFunction)(void (*)(void))is_aggregated, METH_VARARGS | METH_KEYWORDS,
     is_aggregated_doc},
    {"unpack", (PyCFunction)(void (*)(void))unpack, METH_VARARGS | METH_KEYWORDS, unpack_doc},
    {"unpack_arrow", (PyCFunction)(void (*)(void))unpack_arrow, METH_VARARGS | METH_KEYWORDS,
     unpack_arrow_doc},
    {NULL, NULL, 0, NULL},
};

/* 0, or -1 with MemoryError. */
static int
intern_names(deagg_state *state)
{
#define INTERN(name) &&(state->names.name = PyUnicode_InternFromString(#name)) != NULL
    bool interned = true DEAGG_NAMES(INTERN);
#undef INTERN
    return interned ? 0 : -1;
}

/* A new frozenset of the keys of a Lambda record other than 'kinesis'. */
static PyObject *
new_event_keys(void)
{
    PyObject *names =
        Py_BuildValue("(sssssss)", "eventSource", "eventVersion", "eventID", "eventName",
                      "invokeIdentityArn", "awsRegion", "eventSourceARN");
    if (names == NULL) {
        return NULL;
    }
    PyObject *event_keys = PyFrozenSet_New(names);
    Py_DECREF(names);
    return event_keys;
}

/* Creates the types and adds them to the module. 0, or -1 with an exception. */
static int
add_types(PyObject *module, deagg_state *state)
{
    state->iterator_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &deagg_iterator_spec, NULL);
    if (state->iterator_type == NULL || PyModule_AddType(module, state->iterator_type) < 0) {
        return -1;
    }
    state->user_record_type = (PyTypeObject *)deagg_user_record_new_type(module);
    if (state->user_record_type == NULL || PyModule_AddType(module, state->user_record_type) < 0) {
        return -1;
    }
    state->user_record_batches_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &deagg_user_record_batches_spec, NULL);
    if (state->user_record_batches_type == NULL ||
        PyModule_AddType(module, state->user_record_batches_type) < 0) {
        return -1;
    }
    state->aggregate_error = deagg_errors_new_type(module);
    if (state->aggregate_error == NULL) {
        return -1;
    }
    return PyModule_AddType(module, (PyTypeObject *)state->aggregate_error);
}

static int
module_exec(PyObject *module)
{
    deagg_state *state = PyModule_GetState(module);
    state->kernels = kpl_kernels_best();
    deagg_gate_init(&state->record_prototypes.adding);
    deagg_gate_init(&state->kinesis_prototypes.adding);
    if (intern_names(state) < 0 || add_types(module, state) < 0) {
        return -1;
    }
    state->event_keys = new_event_keys();
    if (state->event_keys == NULL) {
        return -1;
    }
    if (PyModule_AddStringConstant(module, "__version__", DEAGG_VERSION) < 0) {
        return -1;
    }
    if (PyModule_AddStringConstant(module, "protobuf_c_version",
                                   kpl_message_protobuf_c_version()) < 0) {
        return -1;
    }
    /* Not in the definition: user code can get hold of a module that was not executed yet. */
    return PyModule_AddFunctions(module, module_methods);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    deagg_state *state = PyModule_GetState(module);
    Py_VISIT(state->iterator_type);
    Py_VISIT(state->user_record_type);
    Py_VISIT(state->user_record_batches_type);
    Py_VISIT(state->aggregate_error);
    Py_VISIT(state->event_keys);
    return 0;
}

/* Without m_clear, since user code that runs while the collector clears garbage may still call
 * functions of a module that is part of it. The types release the module, which breaks the cycle.
 */
static void
module_free(void *module)
{
    deagg_state *state = PyModule_GetState(module);
    Py_CLEAR(state->iterator_type);
    Py_CLEAR(state->user_record_type);
    Py_CLEAR(state->user_record_batches_type);
    Py_CLEAR(state->aggregate_error);
    Py_CLEAR(state->event_keys);
    deagg_prototypes_clear(&state->record_prototypes);
    deagg_prototypes_clear(&state->kinesis_prototypes);
#define CLEAR(name) Py_CLEAR(state->names.name);
    DEAGG_NAMES(CLEAR)
#undef CLEAR
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

PyDoc_STRVAR(module_doc, "Deaggregation of Kinesis records, in C. Import it from aws_kpl_deagg.");

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,         .m_name = "aws_kpl_deagg._deagg", .m_doc = module_doc,
    .m_size = sizeof(deagg_state), .m_slots = module_slots,          .m_traverse = module_traverse,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__deagg(void)
{
    return PyModuleDef_Init(&module_definition);
}
