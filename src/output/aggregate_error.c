/* AggregateError: see aggregate_error.h.
 *
 * Its attributes are its arguments, so that pickle and copy, which rebuild an exception from
 * these, just work. */
#include "output/aggregate_error.h"

/* Argument `index` as a new reference; None where an error was made with fewer. */
static PyObject *
get_argument(PyObject *self, void *index)
{
    PyObject *argument = Py_None;
    /* Another thread may set the arguments; from 3.14 on that waits. */
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
    PyObject *text = sequence_number == Py_None
                         ? PyObject_Str(reason)
                         : PyUnicode_FromFormat("Kinesis record %S is a damaged aggregate: %S",
                                                sequence_number, reason);
    Py_DECREF(sequence_number);
    Py_DECREF(reason);
    return text;
}

PyDoc_STRVAR(aggregate_error_doc,
             "AggregateError(sequence_number, reason, /)\n"
             "--\n"
             "\n"
             "A payload that should be an aggregate of the Kinesis Producer Library and is none.\n"
             "\n"
             "Raised with strict=True, and by unpack(). The reasons:\n"
             "\n"
             "    'not base64'                 data that does not decode\n"
             "    'too short'                  16 bytes or fewer behind the magic\n"
             "    'wrong digest'               not the MD5 of the message\n"
             "    'malformed message'          a required field missing included\n"
             "    'index outside its table'    a user record with a key that is not there\n"
             "    'needs too much memory'      more than any sound message of its size\n"
             "    'no user records'            with verify=False only\n"
             "    'invalid explicit hash key'  with hash_key_range only: no decimal number\n"
             "                                 below 2**128\n"
             "    'not aggregated'             of unpack() only: no magic, a plain payload");

static PyGetSetDef aggregate_error_attributes[] = {
    {"sequence_number", get_argument, NULL,
     "The Kinesis record's sequence number, a str as a rule; None where there is none.",
     (void *)0},
    {"reason", get_argument, NULL,
     "What is wrong: a str, one of those that help(AggregateError) lists.", (void *)1},
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
deagg_aggregate_error_new_type(PyObject *module)
{
    return PyType_FromModuleAndSpec(module, &aggregate_error_spec, PyExc_ValueError);
}
