/* aws_kpl_deagg._deagg: the module's functions, types and state. */
#include "cursor.h"
#include "state.h"

/* `records`, the only argument of both functions: a borrowed reference, or NULL with TypeError. */
static PyObject *
parse_records(PyObject *args, PyObject *kwargs, const char *format)
{
    static char *names[] = {"records", NULL};
    PyObject *records = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, &records)) {
        return NULL;
    }
    return records;
}

PyDoc_STRVAR(
    deaggregate_records_doc,
    "deaggregate_records(records)\n"
    "--\n"
    "\n"
    "Return a list of all user records in `records`, in order.\n"
    "\n"
    "records: an iterable of Kinesis records as a Lambda event delivers them (mappings with\n"
    "`kinesis`, a mapping whose `data` is base64 in a str or bytes-like object), or a single "
    "one.\n"
    "\n"
    "An aggregate of the Kinesis Producer Library becomes its user records, each a new dict:\n"
    "\n"
    "    {'kinesis': {'kinesisSchemaVersion', 'sequenceNumber', 'approximateArrivalTimestamp',\n"
    "                                     of the Kinesis record, as far as it has them\n"
    "                 'explicitHashKey':   str, or None where the user record has none\n"
    "                 'partitionKey':      str\n"
    "                 'subSequenceNumber': int, from 0 within the aggregate\n"
    "                 'aggregated':        True\n"
    "                 'data':              str, base64\n"
    "                 ...},               all else that the Kinesis record has in 'kinesis'\n"
    "     ...}                            all else that the Kinesis record has\n"
    "\n"
    "Any other record comes out as it is, the same object. So does a damaged aggregate, with one\n"
    "WARNING on the logger 'aws_kpl_deagg' that tells its sequence number and the reason.\n"
    "\n"
    "Raises TypeError for a record that is no mapping or whose data is neither str nor\n"
    "bytes-like, and KeyError for one without `kinesis` or `data`.\n"
    "\n"
    "Format: "
    "https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md");

static PyObject *
deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *records = parse_records(args, kwargs, "O:deaggregate_records");
    if (records == NULL) {
        return NULL;
    }
    PyObject *cursor = deagg_cursor_new(PyModule_GetState(module), records);
    if (cursor == NULL) {
        return NULL;
    }
    PyObject *list = deagg_cursor_drain(cursor);
    Py_DECREF(cursor);
    return list;
}

PyDoc_STRVAR(
    iter_deaggregate_records_doc,
    "iter_deaggregate_records(records)\n"
    "--\n"
    "\n"
    "Return an iterator over all user records in `records`, in order.\n"
    "\n"
    "Takes, yields and raises what deaggregate_records() does, lazily: the call itself reads\n"
    "nothing, and records are taken in one at a time, from an endless iterator too. Memory does\n"
    "not grow with the number of records.");

static PyObject *
iter_deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *records = parse_records(args, kwargs, "O:iter_deaggregate_records");
    if (records == NULL) {
        return NULL;
    }
    return deagg_cursor_new(PyModule_GetState(module), records);
}

static PyMethodDef module_methods[] = {
    {"deaggregate_records", (PyCFunction)(void (*)(void))deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, deaggregate_records_doc},
    {"iter_deaggregate_records", (PyCFunction)(void (*)(void))iter_deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, iter_deaggregate_records_doc},
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

static PyObject **
interned_key(deagg_state *state, size_t index)
{
    return (PyObject **)((char *)state + interned_keys[index].offset);
}

static int
module_exec(PyObject *module)
{
    deagg_state *state = PyModule_GetState(module);
    state->kernels = kpl_kernels_best();
    for (size_t i = 0; i < INTERNED_KEY_COUNT; i++) {
        PyObject *key = PyUnicode_InternFromString(interned_keys[i].text);
        if (key == NULL) {
            return -1;
        }
        *interned_key(state, i) = key;
    }
    state->iterator_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &deagg_cursor_spec, NULL);
    if (state->iterator_type == NULL) {
        return -1;
    }
    if (PyModule_AddStringConstant(module, "__version__", DEAGG_VERSION) < 0) {
        return -1;
    }
    return PyModule_AddType(module, state->iterator_type);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    deagg_state *state = PyModule_GetState(module);
    Py_VISIT(state->iterator_type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    deagg_state *state = PyModule_GetState(module);
    Py_CLEAR(state->iterator_type);
    for (size_t i = 0; i < INTERNED_KEY_COUNT; i++) {
        Py_CLEAR(*interned_key(state, i));
    }
    return 0;
}

static void
module_free(void *module)
{
    module_clear(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

PyDoc_STRVAR(module_doc,
             "Deaggregation of Kinesis records in C; people import it from aws_kpl_deagg.");

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,         .m_name = "aws_kpl_deagg._deagg", .m_doc = module_doc,
    .m_size = sizeof(deagg_state), .m_methods = module_methods,      .m_slots = module_slots,
    .m_traverse = module_traverse, .m_clear = module_clear,          .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__deagg(void)
{
    return PyModuleDef_Init(&module_definition);
}
