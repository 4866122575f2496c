/* The differences between the Pythons that the extension supports (3.10 and newer), except for the
 * slots in module.c and for gate.h. */
#ifndef DEAGG_COMPAT_H
#define DEAGG_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

#if PY_VERSION_HEX < 0x030D0000

/* As in 3.13: 1 with a new reference in *value, 0 with NULL if the key is absent, or -1 with NULL
 * and an exception. */
static inline int
PyDict_GetItemRef(PyObject *dict, PyObject *key, PyObject **value)
{
    *value = Py_XNewRef(PyDict_GetItemWithError(dict, key));
    if (*value != NULL) {
        return 1;
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* The GIL makes every section critical. */
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }

#endif

/* Looks up an attribute: 1 with a new reference in *value, 0 with NULL if there is none, or -1
 * with NULL and an exception. */
static inline int
deagg_get_optional_attribute(PyObject *object, const char *name, PyObject **value)
{
#if PY_VERSION_HEX < 0x030D0000
    *value = PyObject_GetAttrString(object, name);
    if (*value != NULL) {
        return 1;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return -1;
    }
    PyErr_Clear();
    return 0;
#else
    return PyObject_GetOptionalAttrString(object, name, value);
#endif
}

/* Member types, whose names have a prefix since 3.12. */
#if PY_VERSION_HEX < 0x030C0000
#include <structmember.h>
#define Py_T_OBJECT_EX T_OBJECT_EX
#define Py_READONLY READONLY
#endif

/* Gives a str its canonical form, which it may lack before 3.12. 0, or -1 with MemoryError. */
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

/* Clears the current exception and returns it: a new reference, never NULL. */
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

/* Sets the current exception. Steals the reference. */
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

/* Item `index` of an exact list or tuple: a new reference, or NULL past the end. Sets no
 * exception.
 */
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

/* Disables the garbage collector while many containers are made, none of them garbage: before 3.12
 * it may start at any allocation, and would start every few hundred. (Since 3.12 it runs only
 * between two bytecodes.) Use this only around code that runs no user code and keeps the GIL.
 * Returns the argument for deagg_collector_resume. */
static inline bool
deagg_collector_pause(void)
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

/* A new instance of `type`, a subclass of tuple, with `size` items, all NULL; or NULL with
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

#endif
