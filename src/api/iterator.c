/* UserRecordIterator: see iterator.h.
 *
 * It behaves as a generator does: it reads nothing before the first step, an error or the end
 * finishes it, and it cannot be entered while it runs. */
#include "api/iterator.h"

#include "api/pipeline.h"
#include "base/gate.h"

typedef struct {
    PyObject_HEAD
    deagg_gate gate; /* closed while the pipeline is in use */
    deagg_pipeline pipeline;
} user_record_iterator;

PyObject *
deagg_iterator_new(deagg_state *state, PyObject *records, const deagg_options *options)
{
    user_record_iterator *iterator = PyObject_GC_New(user_record_iterator, state->iterator_type);
    if (iterator == NULL) {
        return NULL;
    }
    deagg_gate_init(&iterator->gate);
    iterator->pipeline = deagg_pipeline_new(records, options, false);
    PyObject_GC_Track(iterator);
    return (PyObject *)iterator;
}

/* Enters the iterator's gate. 0, or -1 with ValueError while the iterator runs. */
static int
enter(user_record_iterator *iterator)
{
    if (!deagg_gate_try_enter(&iterator->gate)) {
        PyErr_SetString(PyExc_ValueError, "iterator already executing");
        return -1;
    }
    return 0;
}

static PyObject *
iterator_next(PyObject *self)
{
    user_record_iterator *iterator = (user_record_iterator *)self;
    deagg_state *state = PyType_GetModuleState(Py_TYPE(self));
    /* The collector may have cleared the type's reference to the module. */
    if (state == NULL || enter(iterator) < 0) {
        return NULL;
    }
    PyObject *result = NULL;
    if (deagg_pipeline_advance(&iterator->pipeline, state, &result) > 0 && result == NULL) {
        result = deagg_pipeline_next_user_record(&iterator->pipeline, state);
    }
    if (result == NULL) {
        deagg_pipeline_finish(&iterator->pipeline);
    }
    deagg_gate_leave(&iterator->gate);
    return result;
}

PyDoc_STRVAR(close_doc,
             "close($self, /)\n"
             "--\n"
             "\n"
             "Finish the iterator: release the records and yield nothing more.\n"
             "\n"
             "Raises ValueError while the iterator is running, in this thread or another.");

static PyObject *
iterator_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    user_record_iterator *iterator = (user_record_iterator *)self;
    if (enter(iterator) < 0) {
        return NULL;
    }
    deagg_pipeline_finish(&iterator->pipeline);
    deagg_gate_leave(&iterator->gate);
    Py_RETURN_NONE;
}

static PyObject *
iterator_enter(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self);
}

static PyObject *
iterator_exit(PyObject *self, PyObject *Py_UNUSED(exception))
{
    return iterator_close(self, NULL);
}

static int
iterator_traverse(PyObject *self, visitproc visit, void *arg)
{
    user_record_iterator *iterator = (user_record_iterator *)self;
    Py_VISIT(Py_TYPE(self));
    return deagg_pipeline_traverse(&iterator->pipeline, visit, arg);
}

/* Takes the gate, since dropping the references may run user code that reaches the iterator. If
 * somebody is inside already, leaves the pipeline to them. */
static int
iterator_clear(PyObject *self)
{
    user_record_iterator *iterator = (user_record_iterator *)self;
    if (deagg_gate_try_enter(&iterator->gate)) {
        deagg_pipeline_finish(&iterator->pipeline);
        deagg_gate_leave(&iterator->gate);
    }
    return 0;
}

static void
iterator_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    /* Its input may be another of our iterators, nested more deeply than the C stack allows. */
    Py_TRASHCAN_BEGIN(self, iterator_dealloc)
    deagg_pipeline_finish(&((user_record_iterator *)self)->pipeline);
    PyObject_GC_Del(self);
    Py_DECREF(type);
    Py_TRASHCAN_END
}

static PyMethodDef iterator_methods[] = {
    {"close", iterator_close, METH_NOARGS, close_doc},
    {"__enter__", iterator_enter, METH_NOARGS,
     PyDoc_STR("__enter__($self, /)\n--\n\nReturn the iterator itself.")},
    {"__exit__", iterator_exit, METH_VARARGS,
     PyDoc_STR("__exit__($self, /, *exception)\n--\n\nClose the iterator.")},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    iterator_doc,
    "Iterator over user records, returned by iter_deaggregate_records().\n"
    "\n"
    "Behaves as a generator does, without send() and throw(): after an error, the end or close()\n"
    "it is finished, and entering it while it runs raises ValueError. It is a context manager\n"
    "that closes itself.");

static PyType_Slot iterator_slots[] = {
    {Py_tp_doc, (void *)iterator_doc},   {Py_tp_dealloc, iterator_dealloc},
    {Py_tp_traverse, iterator_traverse}, {Py_tp_clear, iterator_clear},
    {Py_tp_iter, PyObject_SelfIter},     {Py_tp_iternext, iterator_next},
    {Py_tp_methods, iterator_methods},   {0, NULL},
};

PyType_Spec deagg_iterator_spec = {
    .name = "aws_kpl_deagg._deagg.UserRecordIterator",
    .basicsize = sizeof(user_record_iterator),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = iterator_slots,
};
