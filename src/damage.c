/* The log line about a damaged aggregate: see damage.h. */
#include "damage.h"

#include "mapping.h"

bool
deagg_is_damage(kpl_status status)
{
    return status > KPL_NOT_AGGREGATED && status < KPL_NO_MEMORY;
}

/* The documented reasons; README lists them. */
static const char *
reason_of(kpl_status status)
{
    switch (status) {
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
        case KPL_TOO_LARGE:
            return "needs too much memory";
        default:
            Py_UNREACHABLE();
    }
}

/* logging.getLogger('aws_kpl_deagg').warning(...). `logging` is imported here and not before, so
 * that a consumer whose records are sound does not pay for it. */
static int
log_warning(PyObject *sequence_number, const char *reason)
{
    PyObject *logger = NULL;
    PyObject *none = NULL;
    PyObject *logging = PyImport_ImportModule("logging");
    if (logging == NULL) {
        return -1;
    }
    logger = PyObject_CallMethod(logging, "getLogger", "s", "aws_kpl_deagg");
    Py_DECREF(logging);
    if (logger == NULL) {
        return -1;
    }
    none =
        PyObject_CallMethod(logger, "warning", "sOs",
                            "Kinesis record %s is a damaged aggregate and comes out as it is: %s",
                            sequence_number, reason);
    if (none == NULL && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_WriteUnraisable(logger);
        none = Py_NewRef(Py_None);
    }
    Py_DECREF(logger);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

int
deagg_damage_log(deagg_state *state, const deagg_kinesis_record *kinesis_record, kpl_status status)
{
    PyObject *sequence_number;
    int found =
        deagg_mapping_get(kinesis_record->kinesis, state->keys.sequenceNumber, &sequence_number);
    if (found < 0) {
        return -1;
    }
    int result = log_warning(found ? sequence_number : Py_None, reason_of(status));
    Py_XDECREF(sequence_number);
    return result;
}
