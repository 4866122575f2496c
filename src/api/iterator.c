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
    deagg_gate_leave(&iterator->gate);
    iterator->pipeline = deagg_pipeline_new(records, options);
    PyObject_GC_Track(iterator);
    return (PyObject *)iterator;
}

/* Enters the iterator's gate. 0, or -1 with ValueError while the iterator runs. */
static int
enter(user_record_iterator *iterator)
{
    if (!deagg_gate_enter(&iterator->gate)) {
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

/* Appends all remaining results. 0, or -1 with an exception. */
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
deagg_iterator_to_list(PyObject *self)
{
    user_record_iterator *iterator = (user_record_iterator *)self;
    deagg_state *state = PyType_GetModuleState(Py_TYPE(self));
    PyObject *list = state == NULL ? NULL : PyList_New(0);
    if (list == NULL || enter(iterator) < 0) {
        goto error;
    }
    int appended = append_all(&iterator->pipeline, state, list);
    deagg_pipeline_finish(&iterator->pipeline);
    deagg_gate_leave(&iterator->gate);
    if (appended == 0) {
        return list;
    }

error:
    Py_XDECREF(list);
    return NULL;
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

static int
iterator_traverse(PyObject *self, visitproc visit, void *arg)
{
    user_record_iterator *iterator = (user_record_iterator *)self;
    Py_VISIT(Py_TYPE(self));
    return deagg_pipeline_traverse(&iterator->pipeline, visit, arg);
}

/* Behind the gate, since dropping the references may run user code that still reaches the
 * iterator. Whoever is inside already will finish the pipeline. */
static int
iterator_clear(PyObject *self)
{
    user_record_iterator *iterator = (user_record_iterator *)self;
    if (deagg_gate_enter(&iterator->gate)) {
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
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    iterator_doc,
    "Iterator over user records, returned by iter_deaggregate_records().\n"
    "\n"
    "Behaves as a generator does, without send() and throw(): after an error, the end or close()\n"
    "it is finished, and entering it while it runs raises ValueError.");

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
