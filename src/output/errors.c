/* Log lines and exceptions about damage: see damage.h. */
#include "output/errors.h"

#include "base/mapping.h"

bool
deagg_is_damage(kpl_status status)
{
    return status > KPL_NOT_AGGREGATED && status < KPL_NO_MEMORY;
}

/* The reasons that README.md and AggregateError's docstring list. Never NULL. */
static const char *
reason_of(kpl_status status)
{
    switch (status) {
        case KPL_NOT_AGGREGATED:
            return "not aggregated";
        case KPL_NOT_BASE64:
            return "not base64";
        case KPL_TOO_SHORT:
            return "too short";
        case KPL_WRONG_DIGEST:
            return "wrong digest";
        case KPL_BAD_MESSAGE:
            return "malformed message";
        case KPL_BAD_INDEX:
            return "index outside its table";
        case KPL_NO_RECORDS:
            return "no user records";
        case KPL_BAD_HASH_KEY:
            return "invalid explicit hash key";
        case KPL_TOO_LARGE:
            return "needs too much memory";
        default:
            Py_UNREACHABLE();
    }
}

int
deagg_damage_raise(deagg_state *state, PyObject *sequence_number, kpl_status status)
{
    PyObject *args = Py_BuildValue("Os", sequence_number, reason_of(status));
    if (args != NULL) {
        PyErr_SetObject(state->aggregate_error, args);
        Py_DECREF(args);
    }
    return -1;
}

/* logging.getLogger('aws_kpl_deagg'): a new reference, or NULL with an exception. `logging` is
 * imported here and not before, so that a consumer whose records are sound does not pay for it. */
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

/* Calls `level`, a method of the logger, with `message` and its arguments. Returns as
 * deagg_damage_report does. */
static int
log_line(const char *level, const char *message, PyObject *sequence_number, const char *reason)
{
    PyObject *none = NULL;
    PyObject *logger = get_logger();
    if (logger != NULL && reason != NULL) {
        none = PyObject_CallMethod(logger, level, "sOs", message, sequence_number, reason);
    }
    else if (logger != NULL) {
        none = PyObject_CallMethod(logger, level, "sO", message, sequence_number);
    }
    if (none == NULL && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_WriteUnraisable(logger);
        none = Py_NewRef(Py_None);
    }
    Py_XDECREF(logger);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

/* The sequence number in `metadata`, None where there is none: a new reference, or NULL with an
 * exception. */
static PyObject *
sequence_number_of(deagg_state *state, PyObject *metadata)
{
    PyObject *sequence_number;
    if (deagg_mapping_get(metadata, state->keys.sequenceNumber, &sequence_number) == 0) {
        sequence_number = Py_NewRef(Py_None);
    }
    return sequence_number;
}

int
deagg_damage_report(deagg_state *state, const deagg_options *options, PyObject *metadata,
                    kpl_status status)
{
    PyObject *sequence_number = sequence_number_of(state, metadata);
    if (sequence_number == NULL) {
        return -1;
    }
    int result =
        options->strict
            ? deagg_damage_raise(state, sequence_number, status)
            : log_line("warning",
                       "Kinesis record %s is a damaged aggregate and comes out as it is: %s",
                       sequence_number, reason_of(status));
    Py_DECREF(sequence_number);
    return result;
}

int
deagg_log_dropped(deagg_state *state, PyObject *metadata)
{
    PyObject *sequence_number = sequence_number_of(state, metadata);
    if (sequence_number == NULL) {
        return -1;
    }
    int result =
        log_line("info", "Kinesis record %s is an aggregate of another shard and is dropped",
                 sequence_number, NULL);
    Py_DECREF(sequence_number);
    return result;
}
