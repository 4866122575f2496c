/* Log lines and AggregateError: see errors.h.
 *
 * The attributes of an AggregateError are its arguments, so that pickle and copy, which rebuild an
 * exception from its arguments, work without further code. */
#include "output/errors.h"

#include "base/mapping.h"

/* Argument `index` as a new reference, or None if the error has fewer. */
static PyObject *
get_argument(PyObject *self, void *index)
{
    PyObject *argument = Py_None;
    /* Another thread may set the arguments; since 3.14 it waits for this section. */
    Py_BEGIN_CRITICAL_SECTION(self);
    PyObject *args = ((PyBaseExceptionObject *)self)->args;
    if (args != NULL && (intptr_t)index < PyTuple_GET_SIZE(args)) {
        argument = PyTuple_GET_ITEM(args, (intptr_t)index);
    }
    Py_INCREF(argument);
    Py_END_CRITICAL_SECTION();
    return argument;
}

static PyObject *
aggregate_error_str(PyObject *self)
{
    PyObject *sequence_number = get_argument(self, (void *)0);
    PyObject *reason = get_argument(self, (void *)1);
    PyObject *text =
        sequence_number == Py_None
            ? PyObject_Str(reason)
            : PyUnicode_FromFormat("Kinesis record %S is damaged: %S", sequence_number, reason);
    Py_DECREF(sequence_number);
    Py_DECREF(reason);
    return text;
}

PyDoc_STRVAR(
    aggregate_error_doc,
    "AggregateError(sequence_number, reason, /)\n"
    "--\n"
    "\n"
    "A payload that claims to be an aggregate of the Kinesis Producer Library (KPL) but is\n"
    "not one.\n"
    "\n"
    "Raised with strict=True, and by unpack(). The reasons:\n"
    "\n"
    "    'not base64'                 undecodable text\n"
    "    'too short'                  16 bytes or fewer after the magic\n"
    "    'wrong digest'               not the MD5 of the message\n"
    "    'malformed message'          or one without a required field\n"
    "    'index outside its table'    a user record with a key that is not there\n"
    "    'needs too much memory'      more than any sound message of its size\n"
    "    'no user records'            only with verify=False\n"
    "    'invalid explicit hash key'  only with hash_key_range: not a decimal number\n"
    "                                 below 2**128\n"
    "    'not aggregated'             only from unpack(): a plain payload");

static PyGetSetDef aggregate_error_attributes[] = {
    {"sequence_number", get_argument, NULL,
     "The Kinesis record's sequence number, normally a str; None if it has none.", (void *)0},
    {"reason", get_argument, NULL, "The reason: one of the str that help(AggregateError) lists.",
     (void *)1},
    {NULL, NULL, NULL, NULL, NULL},
};

static int
aggregate_error_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return ((PyTypeObject *)PyExc_ValueError)->tp_traverse(self, visit, arg);
}

static int
aggregate_error_clear(PyObject *self)
{
    return ((PyTypeObject *)PyExc_ValueError)->tp_clear(self);
}

static PyType_Slot aggregate_error_slots[] = {
    {Py_tp_doc, (void *)aggregate_error_doc},   {Py_tp_traverse, aggregate_error_traverse},
    {Py_tp_clear, aggregate_error_clear},       {Py_tp_str, aggregate_error_str},
    {Py_tp_getset, aggregate_error_attributes}, {0, NULL},
};

static PyType_Spec aggregate_error_spec = {
    .name = "aws_kpl_deagg.AggregateError",
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = aggregate_error_slots,
};

PyObject *
deagg_errors_new_type(PyObject *module)
{
    return PyType_FromModuleAndSpec(module, &aggregate_error_spec, PyExc_ValueError);
}

void
deagg_errors_set(deagg_state *state, PyObject *sequence_number, kpl_status status)
{
    PyObject *args = Py_BuildValue("Os", sequence_number, kpl_status_reason(status));
    if (args != NULL) {
        PyErr_SetObject(state->aggregate_error, args);
        Py_DECREF(args);
    }
}

/* logging.getLogger('aws_kpl_deagg'): a new reference, or NULL with an exception. Imports
 * `logging` only now, so that a consumer of sound records does not pay for it. */
static PyObject *
get_logger(void)
{
    PyObject *logging = PyImport_ImportModule("logging");
    if (logging == NULL) {
        return NULL;
    }
    PyObject *logger = PyObject_CallMethod(logging, "getLogger", "s", "aws_kpl_deagg");
    Py_DECREF(logging);
    return logger;
}

/* Calls the logger's method `level` with `message`, in which %s stands for `record`, from
 * describe_record, and for `reason`, which may be NULL. Returns what deagg_errors_report_damage
 * returns. */
static int
log_line(const char *level, const char *message, PyObject *record, const char *reason)
{
    PyObject *logged = NULL;
    PyObject *logger = get_logger();
    if (logger != NULL) {
        logged = PyObject_CallMethod(logger, level, reason == NULL ? "sO" : "sOs", message, record,
                                     reason);
    }
    if (logged == NULL && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_WriteUnraisable(logger);
        logged = Py_NewRef(Py_None);
    }
    Py_XDECREF(logger);
    Py_XDECREF(logged);
    return logged == NULL ? -1 : 0;
}

/* The sequence number in `metadata`, or None: a new reference, or NULL with an exception. */
static PyObject *
get_sequence_number(deagg_state *state, PyObject *metadata)
{
    PyObject *sequence_number;
    if (deagg_mapping_get(metadata, state->names.sequenceNumber, &sequence_number) == 0) {
        sequence_number = Py_NewRef(Py_None);
    }
    return sequence_number;
}

/* The sequence number for a log line, which reads "Kinesis record %s is ...": a new reference, or
 * NULL with an exception. */
static PyObject *
describe_record(deagg_state *state, PyObject *metadata)
{
    PyObject *sequence_number = get_sequence_number(state, metadata);
    if (sequence_number == Py_None) {
        Py_SETREF(sequence_number, PyUnicode_FromString("without a sequence number"));
    }
    return sequence_number;
}

/* Sets AggregateError for a record with `metadata`, or another exception. */
static void
set_error(deagg_state *state, PyObject *metadata, kpl_status status)
{
    PyObject *sequence_number = get_sequence_number(state, metadata);
    if (sequence_number != NULL) {
        deagg_errors_set(state, sequence_number, status);
        Py_DECREF(sequence_number);
    }
}

int
deagg_errors_report_damage(deagg_state *state, bool strict, PyObject *metadata, kpl_status status)
{
    if (strict) {
        set_error(state, metadata, status);
        return -1;
    }
    PyObject *record = describe_record(state, metadata);
    if (record == NULL) {
        return -1;
    }
    int result =
        log_line("warning", "Kinesis record %s is damaged and is passed through as it is: %s",
                 record, kpl_status_reason(status));
    Py_DECREF(record);
    return result;
}

int
deagg_errors_report_dropped(deagg_state *state, PyObject *metadata)
{
    PyObject *record = describe_record(state, metadata);
    if (record == NULL) {
        return -1;
    }
    int result = log_line(
        "info", "Kinesis record %s is an aggregate of another shard and is dropped", record, NULL);
    Py_DECREF(record);
    return result;
}
