/* aws_kpl_deagg._deagg: the module's functions, types and state. */
#include "output/aggregate_error.h"
#include "api/iterator.h"
#include "docstrings.h"
#include "api/options.h"
#include "api/unpack.h"
#include "output/user_record.h"

#include <protobuf-c/protobuf-c.h>

/* A new iterator for the arguments of either function; `format` is as deagg_options_parse has it.
 * NULL with an exception. */
static PyObject *
new_cursor(PyObject *module, PyObject *args, PyObject *kwargs, const char *format)
{
    PyObject *records;
    deagg_options options;
    if (deagg_options_parse(args, kwargs, format, &records, &options) < 0) {
        return NULL;
    }
    PyObject *cursor = deagg_cursor_new(PyModule_GetState(module), records, &options);
    Py_DECREF(records);
    return cursor;
}

static PyObject *
deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *cursor = new_cursor(module, args, kwargs, "O|O$OOOO:deaggregate_records");
    if (cursor == NULL) {
        return NULL;
    }
    PyObject *list = deagg_cursor_drain(cursor);
    Py_DECREF(cursor);
    return list;
}

static PyObject *
iter_deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return new_cursor(module, args, kwargs, "O|O$OOOO:iter_deaggregate_records");
}

static PyObject *
is_aggregated(PyObject *module, PyObject *payload)
{
    int aggregated = deagg_is_aggregated(PyModule_GetState(module), payload);
    return aggregated < 0 ? NULL : PyBool_FromLong(aggregated);
}

static PyObject *
unpack(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"payload", "verify", NULL};
    PyObject *payload;
    PyObject *verify = Py_True;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O:unpack", names, &payload, &verify)) {
        return NULL;
    }
    /* Code of `verify` may empty `kwargs`. */
    Py_INCREF(payload);
    int verified = PyObject_IsTrue(verify);
    PyObject *list =
        verified < 0 ? NULL : deagg_unpack(PyModule_GetState(module), payload, verified);
    Py_DECREF(payload);
    return list;
}

static PyMethodDef module_methods[] = {
    {"deaggregate_records", (PyCFunction)(void (*)(void))deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, deagg_deaggregate_records_doc},
    {"iter_deaggregate_records", (PyCFunction)(void (*)(void))iter_deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, deagg_iter_deaggregate_records_doc},
    {"is_aggregated", is_aggregated, METH_O, deagg_is_aggregated_doc},
    {"unpack", (PyCFunction)(void (*)(void))unpack, METH_VARARGS | METH_KEYWORDS,
     deagg_unpack_doc},
    {NULL, NULL, 0, NULL},
};

static const struct {
    const char *text;
    size_t offset; /* of the PyObject * in deagg_state */
} interned_keys[] = {
#define INTERNED_KEY(name) {#name, offsetof(deagg_state, keys.name)},
    DEAGG_KEYS(INTERNED_KEY)
#undef INTERNED_KEY
};

#define INTERNED_KEY_COUNT (sizeof interned_keys / sizeof interned_keys[0])

/* Where `state` has the key. */
static PyObject **
interned_key(deagg_state *state, size_t index)
{
    return (PyObject **)((char *)state + interned_keys[index].offset);
}

/* 0, or -1 with MemoryError. */
static int
intern_keys(deagg_state *state)
{
    for (size_t i = 0; i < INTERNED_KEY_COUNT; i++) {
        PyObject *key = PyUnicode_InternFromString(interned_keys[i].text);
        if (key == NULL) {
            return -1;
        }
        *interned_key(state, i) = key;
    }
    return 0;
}

/* A new frozenset of the keys that a Lambda event's record has beside 'kinesis'. */
static PyObject *
new_event_keys(void)
{
    PyObject *names =
        Py_BuildValue("(sssssss)", "eventSource", "eventVersion", "eventID", "eventName",
                      "invokeIdentityArn", "awsRegion", "eventSourceARN");
    if (names == NULL) {
        return NULL;
    }
    PyObject *event_keys = PyFrozenSet_New(names);
    Py_DECREF(names);
    return event_keys;
}

/* Makes the types and adds them to the module. 0, or -1 with an exception. */
static int
add_types(PyObject *module, deagg_state *state)
{
    state->iterator_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &deagg_cursor_spec, NULL);
    if (state->iterator_type == NULL || PyModule_AddType(module, state->iterator_type) < 0) {
        return -1;
    }
    state->user_record_type = (PyTypeObject *)deagg_unpacked_record_new_type(module);
    if (state->user_record_type == NULL || PyModule_AddType(module, state->user_record_type) < 0) {
        return -1;
    }
    state->aggregate_error = deagg_aggregate_error_new_type(module);
    if (state->aggregate_error == NULL) {
        return -1;
    }
    return PyModule_AddType(module, (PyTypeObject *)state->aggregate_error);
}

static int
module_exec(PyObject *module)
{
    deagg_state *state = PyModule_GetState(module);
    state->kernels = kpl_kernels_best();
    if (intern_keys(state) < 0 || add_types(module, state) < 0) {
        return -1;
    }
    state->event_keys = new_event_keys();
    if (state->event_keys == NULL) {
        return -1;
    }
    if (PyModule_AddStringConstant(module, "__version__", DEAGG_VERSION) < 0) {
        return -1;
    }
    if (PyModule_AddStringConstant(module, "protobuf_c_version", protobuf_c_version()) < 0) {
        return -1;
    }
    /* Here and not in the definition, since a module can be had that was not executed yet. */
    return PyModule_AddFunctions(module, module_methods);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    deagg_state *state = PyModule_GetState(module);
    Py_VISIT(state->iterator_type);
    Py_VISIT(state->user_record_type);
    Py_VISIT(state->aggregate_error);
    Py_VISIT(state->event_keys);
    return 0;
}

/* There is no m_clear: code that runs while the collector clears garbage may still call functions
 * of a module that is part of it. The types let go of the module, which breaks the cycle. */
static void
module_free(void *module)
{
    deagg_state *state = PyModule_GetState(module);
    Py_CLEAR(state->iterator_type);
    Py_CLEAR(state->user_record_type);
    Py_CLEAR(state->aggregate_error);
    Py_CLEAR(state->event_keys);
    for (size_t i = 0; i < INTERNED_KEY_COUNT; i++) {
        Py_CLEAR(*interned_key(state, i));
    }
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

PyDoc_STRVAR(module_doc,
             "Deaggregation of Kinesis records in C; people import it from aws_kpl_deagg.");

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,         .m_name = "aws_kpl_deagg._deagg", .m_doc = module_doc,
    .m_size = sizeof(deagg_state), .m_slots = module_slots,          .m_traverse = module_traverse,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__deagg(void)
{
    return PyModuleDef_Init(&module_definition);
}
