/* Every difference between the Python versions that the extension is built for (3.10 and newer),
 * but for the slots in module.c. */
#ifndef DEAGG_COMPAT_H
#define DEAGG_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#ifdef Py_GIL_DISABLED
#include <stdatomic.h>
#endif

#if PY_VERSION_HEX < 0x030D0000

/* As in 3.13: 1 and a new reference in *value, 0 and NULL when the key is absent, -1 and NULL on
 * error. */
static inline int
PyDict_GetItemRef(PyObject *dict, PyObject *key, PyObject **value)
{
    *value = Py_XNewRef(PyDict_GetItemWithError(dict, key));
    if (*value != NULL) {
        return 1;
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* The GIL is one critical section. */
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }

#endif

/* Before 3.12 a str may lack its canonical form until it is asked for. 0, or -1 with MemoryError.
 */
static inline int
deagg_str_ready(PyObject *str)
{
#if PY_VERSION_HEX < 0x030C0000
    return PyUnicode_READY(str);
#else
    (void)str;
    return 0;
#endif
}

/* Takes the exception that is set: a new reference to the exception itself, never NULL. */
static inline PyObject *
deagg_exception_take(void)
{
#if PY_VERSION_HEX < 0x030C0000
    PyObject *type;
    PyObject *exception;
    PyObject *traceback;
    PyErr_Fetch(&type, &exception, &traceback);
    PyErr_NormalizeException(&type, &exception, &traceback);
    if (traceback != NULL) {
        (void)PyException_SetTraceback(exception, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return exception;
#else
    return PyErr_GetRaisedException();
#endif
}

/* Sets the exception, whose reference is taken. */
static inline void
deagg_exception_set(PyObject *exception)
{
#if PY_VERSION_HEX < 0x030C0000
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(exception)), exception,
                  PyException_GetTraceback(exception));
#else
    PyErr_SetRaisedException(exception);
#endif
}

/* Item `index` of an exact list or tuple: a new reference, or NULL without an exception behind the
 * end. */
static inline PyObject *
deagg_sequence_item(PyObject *sequence, Py_ssize_t index)
{
    if (PyTuple_CheckExact(sequence)) {
        return index < PyTuple_GET_SIZE(sequence) ? Py_NewRef(PyTuple_GET_ITEM(sequence, index))
                                                  : NULL;
    }
#if PY_VERSION_HEX < 0x030D0000
    return index < PyList_GET_SIZE(sequence) ? Py_NewRef(PyList_GET_ITEM(sequence, index)) : NULL;
#else
    if (index >= PyList_GET_SIZE(sequence)) {
        return NULL;
    }
    /* Another thread may have shortened it since. */
    PyObject *item = PyList_GetItemRef(sequence, index);
    if (item == NULL) {
        PyErr_Clear();
    }
    return item;
#endif
}

/* A gate that one thread at a time passes. Where there is a GIL, that is what guards it. */
#ifdef Py_GIL_DISABLED
typedef atomic_bool deagg_gate;
#else
typedef bool deagg_gate;
#endif

/* Goes in, if nobody is inside. Returns whether it did. */
static inline bool
deagg_gate_enter(deagg_gate *gate)
{
#ifdef Py_GIL_DISABLED
    return !atomic_exchange_explicit(gate, true, memory_order_acquire);
#else
    bool entered = !*gate;
    *gate = true;
    return entered;
#endif
}

static inline void
deagg_gate_leave(deagg_gate *gate)
{
#ifdef Py_GIL_DISABLED
    atomic_store_explicit(gate, false, memory_order_release);
#else
    *gate = false;
#endif
}

/* Holds the collector off while many containers are made of which none is garbage: before 3.12 it
 * may start at any allocation, and would do so every few hundred, over and over. (Since then it
 * runs only between two bytecodes.) To be used only around code that runs no foreign code and
 * keeps the GIL. Returns what to pass to deagg_collector_resume. */
static inline bool
deagg_collector_hold_off(void)
{
#if PY_VERSION_HEX < 0x030C0000
    return PyGC_Disable();
#else
    return false;
#endif
}

static inline void
deagg_collector_resume(bool was_enabled)
{
    if (was_enabled) {
        PyGC_Enable();
    }
}

/* A new instance of `type`, a subclass of tuple, with `size` items that are NULL; NULL with
 * MemoryError. */
static inline PyObject *
deagg_tuple_new(PyTypeObject *type, Py_ssize_t size)
{
    PyObject *tuple = type->tp_alloc(type, size);
#if PY_VERSION_HEX >= 0x030E0000
    if (tuple != NULL) {
        ((PyTupleObject *)tuple)->ob_hash = -1; /* not computed yet */
    }
#endif
    return tuple;
}

/* The member types that 3.12 gave a prefix. */
#if PY_VERSION_HEX < 0x030C0000
#include <structmember.h>
#define Py_T_OBJECT_EX T_OBJECT_EX
#define Py_READONLY READONLY
#endif

#endif
