/* The module aws_kpl_deagg._deagg: its functions with their docstrings, its types and its state.
 */
#include "api/iterator.h"
#include "api/options.h"
#include "api/unpack.h"
#include "kpl/message.h"
#include "output/errors.h"
#include "output/user_record.h"

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
    "data_format: None or 'Boto3'. 'Boto3' changes nothing; callers of aws_kinesis_agg pass it.\n"
    "decode: True returns all data as bytes. Undecodable text then counts as damaged.\n"
    "strict: True raises AggregateError for a damaged aggregate.\n"
    "verify: False does not check the MD5 digest of aggregates.\n"
    "hash_key_range: (first, last), ints from 0 to 2**128 - 1, both inclusive. Drops each\n"
    "    aggregate that has a user record with a hash key outside, with one INFO line.\n"
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
    "     ...}                              all other keys of a Lambda event's record\n"
    "\n"
    "The first three are absent if the Kinesis record lacks them.\n"
    "\n"
    "A record without the KPL's magic is plain and is passed through: a record from Lambda as\n"
    "the same object (with decode=True as a copy), a record from another source as a dict of\n"
    "this shape without 'explicitHashKey', 'subSequenceNumber' and 'aggregated'. A damaged\n"
    "aggregate, which has the magic but a fault, is passed through as well. One WARNING on the\n"
    "logger 'aws_kpl_deagg' reports its sequence number and the reason (AggregateError lists\n"
    "them), never the data.\n"
    "\n"
    "Raises AggregateError with strict=True; TypeError if `records` is not iterable, if a record\n"
    "is not a mapping, or if its data has the wrong type; KeyError if a record's source is\n"
    "unknown or its data is missing; ValueError for a wrong data_format or hash_key_range.\n"
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
    "does not grow with the number of records. close() finishes the iterator.");

PyDoc_STRVAR(
    is_aggregated_doc,
    "is_aggregated(payload, /)\n--\n\n"
    "Return whether `payload`, a bytes-like object, has the magic, length and MD5 digest of an\n"
    "aggregate of the Kinesis Producer Library. Its message may still be malformed.\n"
    "\n"
    "Raises TypeError if `payload` is not bytes-like.");

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
    "a plain payload, and TypeError if it is not bytes-like.");

/* A new iterator for the arguments of either function, or NULL with an exception. `format` is the
 * one of deagg_options_parse. */
static PyObject *
new_iterator(PyObject *module, PyObject *args, PyObject *kwargs, const char *format)
{
    PyObject *records;
    deagg_options options;
    if (deagg_options_parse(args, kwargs, format, &records, &options) < 0) {
        return NULL;
    }
    PyObject *iterator = deagg_iterator_new(PyModule_GetState(module), records, &options);
    Py_DECREF(records);
    return iterator;
}

static PyObject *
deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *iterator = new_iterator(module, args, kwargs, "O|O$OOOO:deaggregate_records");
    if (iterator == NULL) {
        return NULL;
    }
    PyObject *list = deagg_iterator_to_list(iterator);
    Py_DECREF(iterator);
    return list;
}

static PyObject *
iter_deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return new_iterator(module, args, kwargs, "O|O$OOOO:iter_deaggregate_records");
}

static PyObject *
is_aggregated(PyObject *module, PyObject *payload)
{
    int aggregated = deagg_is_aggregated(PyModule_GetState(module), payload);
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
    /* User code in `verify` may clear `kwargs`. */
    Py_INCREF(payload);
    int verified = PyObject_IsTrue(verify);
    PyObject *list =
        verified < 0 ? NULL : deagg_unpack(PyModule_GetState(module), payload, verified);
    Py_DECREF(payload);
    return list;
}

static PyMethodDef module_methods[] = {
    {"deaggregate_records", (PyCFunction)(void (*)(void))deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, deaggregate_records_doc},
    {"iter_deaggregate_records", (PyCFunction)(void (*)(void))iter_deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, iter_deaggregate_records_doc},
    {"is_aggregated", is_aggregated, METH_O, is_aggregated_doc},
    {"unpack", (PyCFunction)(void (*)(void))unpack, METH_VARARGS | METH_KEYWORDS, unpack_doc},
    {NULL, NULL, 0, NULL},
};

static const struct {
    const char *text;
    size_t offset; /* of the PyObject * in deagg_state */
} interned_keys[] = {
#define INTERNED_KEY(name) {#name, offsetof(deagg_state, keys.name)},
    DEAGG_KEYS(INTERNED_KEY)
#undef INTERNED_KEY
};

#define INTERNED_KEY_COUNT (sizeof interned_keys / sizeof interned_keys[0])

/* The place of the key in `state`. */
static PyObject **
interned_key(deagg_state *state, size_t index)
{
    return (PyObject **)((char *)state + interned_keys[index].offset);
}

/* 0, or -1 with MemoryError. */
static int
intern_keys(deagg_state *state)
{
    for (size_t i = 0; i < INTERNED_KEY_COUNT; i++) {
        PyObject *key = PyUnicode_InternFromString(interned_keys[i].text);
        if (key == NULL) {
            return -1;
        }
        *interned_key(state, i) = key;
    }
    return 0;
}

/* A new frozenset of the keys of a Lambda record beside 'kinesis'. */
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
    if (intern_keys(state) < 0 || add_types(module, state) < 0) {
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
    Py_CLEAR(state->aggregate_error);
    Py_CLEAR(state->event_keys);
    for (size_t i = 0; i < INTERNED_KEY_COUNT; i++) {
        Py_CLEAR(*interned_key(state, i));
    }
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
