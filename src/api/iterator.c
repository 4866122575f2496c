/* The iterator: see cursor.h.
 *
 * The iterator behaves as a generator does: nothing is read before the first step, an error or the
 * end finishes it, and it cannot be entered while it runs. */
#include "api/iterator.h"

#include "api/pipeline.h"

typedef struct {
    PyObject_HEAD
    deagg_gate gate; /* somebody is inside while the fields are in use */
    deagg_walk walk;
} deagg_cursor;

PyObject *
deagg_cursor_new(deagg_state *state, PyObject *records, const deagg_options *options)
{
    deagg_cursor *cursor = PyObject_GC_New(deagg_cursor, state->iterator_type);
    if (cursor == NULL) {
        return NULL;
    }
    deagg_gate_leave(&cursor->gate);
    cursor->walk = deagg_walk_new(records, options);
    PyObject_GC_Track(cursor);
    return (PyObject *)cursor;
}

/* Goes through the cursor's gate. 0, or -1 with ValueError while it runs. */
static int
enter(deagg_cursor *cursor)
{
    if (!deagg_gate_enter(&cursor->gate)) {
        PyErr_SetString(PyExc_ValueError, "iterator already executing");
        return -1;
    }
    return 0;
}

static PyObject *
cursor_next(PyObject *self)
{
    deagg_cursor *cursor = (deagg_cursor *)self;
    deagg_state *state = PyType_GetModuleState(Py_TYPE(self));
    /* The collector may have taken the module from the type. */
    if (state == NULL || enter(cursor) < 0) {
        return NULL;
    }
    PyObject *result = NULL;
    if (deagg_walk_move_on(state, &cursor->walk, &result) > 0) {
        result = deagg_walk_next_user_record(state, &cursor->walk);
    }
    if (result == NULL) {
        deagg_walk_finish(&cursor->walk);
    }
    deagg_gate_leave(&cursor->gate);
    return result;
}

/* Appends `item`, whose reference it takes and which may be NULL after an error. 0, or -1 with an
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

/* Appends all user records of the aggregate being yielded. 0, or -1 with an exception. */
static int
append_user_records(deagg_state *state, deagg_cursor *cursor, PyObject *list)
{
    int result = 0;
    bool was_enabled = deagg_collector_hold_off();
    while (result == 0 && deagg_walk_has_user_record(&cursor->walk)) {
        result = append_stolen(list, deagg_walk_next_user_record(state, &cursor->walk));
    }
    deagg_collector_resume(was_enabled);
    return result;
}

/* Appends all that is left. 0 at the end, or -1 with an exception. */
static int
append_all(deagg_state *state, deagg_cursor *cursor, PyObject *list)
{
    PyObject *passed;
    int moved;
    while ((moved = deagg_walk_move_on(state, &cursor->walk, &passed)) >= 0) {
        int appended =
            moved > 0 ? append_user_records(state, cursor, list) : append_stolen(list, passed);
        if (appended < 0) {
            return -1;
        }
    }
    return PyErr_Occurred() ? -1 : 0;
}

PyObject *
deagg_cursor_drain(PyObject *iterator)
{
    deagg_cursor *cursor = (deagg_cursor *)iterator;
    deagg_state *state = PyType_GetModuleState(Py_TYPE(iterator));
    PyObject *list = state == NULL ? NULL : PyList_New(0);
    if (list == NULL || enter(cursor) < 0) {
        goto error;
    }
    int drained = append_all(state, cursor, list);
    deagg_walk_finish(&cursor->walk);
    deagg_gate_leave(&cursor->gate);
    if (drained == 0) {
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
             "Finish the iterator: it lets go of the records and yields nothing more.\n"
             "\n"
             "Raises ValueError while the iterator is running, in this thread or another.");

static PyObject *
cursor_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    deagg_cursor *cursor = (deagg_cursor *)self;
    if (enter(cursor) < 0) {
        return NULL;
    }
    deagg_walk_finish(&cursor->walk);
    deagg_gate_leave(&cursor->gate);
    Py_RETURN_NONE;
}

static int
cursor_traverse(PyObject *self, visitproc visit, void *arg)
{
    deagg_cursor *cursor = (deagg_cursor *)self;
    Py_VISIT(Py_TYPE(self));
    return deagg_walk_traverse(&cursor->walk, visit, arg);
}

static int
cursor_clear(PyObject *self)
{
    deagg_walk_finish(&((deagg_cursor *)self)->walk);
    return 0;
}

static void
cursor_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    /* Its input may be another of our iterators, and so on, deeper than the C stack. */
    Py_TRASHCAN_BEGIN(self, cursor_dealloc)
    deagg_walk_finish(&((deagg_cursor *)self)->walk);
    PyObject_GC_Del(self);
    Py_DECREF(type);
    Py_TRASHCAN_END
}

static PyMethodDef cursor_methods[] = {
    {"close", cursor_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    cursor_doc,
    "Iterator over user records, as iter_deaggregate_records() returns it.\n"
    "\n"
    "It behaves as a generator does, without send() and throw(): after an error, the end or\n"
    "close() it is finished, and entering it while it runs raises ValueError.");

static PyType_Slot cursor_slots[] = {
    {Py_tp_doc, (void *)cursor_doc},   {Py_tp_dealloc, cursor_dealloc},
    {Py_tp_traverse, cursor_traverse}, {Py_tp_clear, cursor_clear},
    {Py_tp_iter, PyObject_SelfIter},   {Py_tp_iternext, cursor_next},
    {Py_tp_methods, cursor_methods},   {0, NULL},
};

PyType_Spec deagg_cursor_spec = {
    .name = "aws_kpl_deagg._deagg.UserRecordIterator",
    .basicsize = sizeof(deagg_cursor),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = cursor_slots,
};
