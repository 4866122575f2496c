/* UserRecord: see user_record_type.h.
 *
 * Behaves like a class from collections.namedtuple, without importing collections: a class written
 * in Python took twice as long to make an instance. */
#include "output/user_record_type.h"

#include <stddef.h>

#define FIELD_COUNT 4

/* Ends with NULL, and is not const, for PyArg_ParseTupleAndKeywords. */
static char *fields[] = {"partition_key", "explicit_hash_key", "data", "tags", NULL};

PyObject *
deagg_user_record_new(PyTypeObject *type, PyObject *partition_key, PyObject *explicit_hash_key,
                      PyObject *data, PyObject *tags)
{
    PyObject *record = deagg_tuple_new(type, FIELD_COUNT);
    if (record == NULL) {
        return NULL;
    }
    PyTuple_SET_ITEM(record, 0, Py_NewRef(partition_key));
    PyTuple_SET_ITEM(record, 1, Py_NewRef(explicit_hash_key));
    PyTuple_SET_ITEM(record, 2, Py_NewRef(data));
    PyTuple_SET_ITEM(record, 3, Py_NewRef(tags));
    return record;
}

static PyObject *
user_record_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *values[FIELD_COUNT];
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO:UserRecord", fields, &values[0],
                                     &values[1], &values[2], &values[3])) {
        return NULL;
    }
    return deagg_user_record_new(type, values[0], values[1], values[2], values[3]);
}

static int
user_record_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return PyTuple_Type.tp_traverse(self, visit, arg);
}

static PyObject *
user_record_repr(PyObject *self)
{
    return PyUnicode_FromFormat(
        "UserRecord(partition_key=%R, explicit_hash_key=%R, data=%R, tags=%R)",
        PyTuple_GET_ITEM(self, 0), PyTuple_GET_ITEM(self, 1), PyTuple_GET_ITEM(self, 2),
        PyTuple_GET_ITEM(self, 3));
}

/* A new instance of `type` with the values in `iterable`; NULL with an exception. */
static PyObject *
user_record_make(PyObject *type, PyObject *iterable)
{
    PyObject *values = PySequence_Tuple(iterable);
    if (values == NULL) {
        return NULL;
    }
    PyObject *record = PyObject_Call(type, values, NULL);
    Py_DECREF(values);
    return record;
}

static PyObject *
user_record_asdict(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *dict = PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i < FIELD_COUNT; i++) {
        if (PyDict_SetItemString(dict, fields[i], PyTuple_GET_ITEM(self, i)) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

static PyObject *
user_record_replace(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *no_args = NULL;
    PyObject *record = NULL;
    PyObject *values = user_record_asdict(self, NULL);
    if (values == NULL || (no_args = PyTuple_New(0)) == NULL) {
        goto done;
    }
    if (kwargs != NULL && PyDict_Update(values, kwargs) < 0) {
        goto done;
    }
    if (PyTuple_GET_SIZE(args) != 0 || PyDict_GET_SIZE(values) != FIELD_COUNT) {
        PyErr_SetString(PyExc_TypeError,
                        "a UserRecord's partition_key, explicit_hash_key, data and tags can be "
                        "replaced, by keyword");
        goto done;
    }
    record = PyObject_Call((PyObject *)Py_TYPE(self), no_args, values);
done:
    Py_XDECREF(no_args);
    Py_XDECREF(values);
    return record;
}

static PyObject *
user_record_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_BuildValue("O(OOOO)", Py_TYPE(self), PyTuple_GET_ITEM(self, 0),
                         PyTuple_GET_ITEM(self, 1), PyTuple_GET_ITEM(self, 2),
                         PyTuple_GET_ITEM(self, 3));
}

static PyMethodDef user_record_methods[] = {
    {"_make", user_record_make, METH_O | METH_CLASS,
     PyDoc_STR("_make($type, iterable, /)\n--\n\nReturn a UserRecord of the four values in "
               "`iterable`.")},
    {"_asdict", user_record_asdict, METH_NOARGS,
     PyDoc_STR("_asdict($self, /)\n--\n\nReturn a dict of the field names and their values.")},
    {"_replace", (PyCFunction)(void (*)(void))user_record_replace, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR(
         "_replace($self, /, **kwargs)\n--\n\nReturn a UserRecord with new values for the named "
         "fields.")},
    {"__replace__", (PyCFunction)(void (*)(void))user_record_replace, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("Support copy.replace().")},
    {"__reduce__", user_record_reduce, METH_NOARGS, PyDoc_STR("Support pickle and copy.")},
    {NULL, NULL, 0, NULL},
};

#define ITEM_OFFSET(index) \
    (Py_ssize_t)(offsetof(PyTupleObject, ob_item) + (index) * sizeof(PyObject *))

static PyMemberDef user_record_members[] = {
    {"partition_key", Py_T_OBJECT_EX, ITEM_OFFSET(0), Py_READONLY, PyDoc_STR("str")},
    {"explicit_hash_key", Py_T_OBJECT_EX, ITEM_OFFSET(1), Py_READONLY,
     PyDoc_STR("str of decimal digits, or None if the user record has none")},
    {"data", Py_T_OBJECT_EX, ITEM_OFFSET(2), Py_READONLY,
     PyDoc_STR("bytes from the producer's application")},
    {"tags", Py_T_OBJECT_EX, ITEM_OFFSET(3), Py_READONLY,
     PyDoc_STR("tuple of pairs (key, value) of str, or None as the value; normally empty")},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(
    user_record_doc,
    "UserRecord(partition_key, explicit_hash_key, data, tags)\n"
    "--\n"
    "\n"
    "A user record as unpack() returns it: a named tuple. Keys and tags are decoded from\n"
    "UTF-8, with invalid bytes as U+FFFD.");

static PyType_Slot user_record_slots[] = {
    {Py_tp_doc, (void *)user_record_doc},
    {Py_tp_new, user_record_new},
    {Py_tp_traverse, user_record_traverse},
    {Py_tp_repr, user_record_repr},
    {Py_tp_methods, user_record_methods},
    {Py_tp_members, user_record_members},
    {0, NULL},
};

/* Immutable and without subclasses, so that no other object can become one: the members rely on
 * all items being there. */
static PyType_Spec user_record_spec = {
    .name = "aws_kpl_deagg.UserRecord",
    .itemsize = sizeof(PyObject *),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = user_record_slots,
};

PyObject *
deagg_user_record_new_type(PyObject *module)
{
    PyObject *names = NULL;
    PyObject *defaults = NULL;
    PyObject *type =
        PyType_FromModuleAndSpec(module, &user_record_spec, (PyObject *)&PyTuple_Type);
    if (type == NULL) {
        return NULL;
    }
    /* In the dict, since the attributes of an immutable type cannot be set. */
    PyObject *attributes = ((PyTypeObject *)type)->tp_dict;
    names = Py_BuildValue("(ssss)", fields[0], fields[1], fields[2], fields[3]);
    defaults = PyDict_New();
    if (names == NULL || defaults == NULL ||
        PyDict_SetItemString(attributes, "_fields", names) < 0 ||
        PyDict_SetItemString(attributes, "__match_args__", names) < 0 ||
        PyDict_SetItemString(attributes, "_field_defaults", defaults) < 0) {
        Py_CLEAR(type);
    }
    else {
        PyType_Modified((PyTypeObject *)type);
    }
    Py_XDECREF(names);
    Py_XDECREF(defaults);
    return type;
}
