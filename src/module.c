/* The module aws_kpl_deagg._deagg: its functions, its types and its state. */
#include "api/iterator.h"
#include "api/options.h"
#include "api/pack.h"
#include "api/packed_item.h"
#include "api/pipeline.h"
#include "api/unpack.h"
#include "api/unpack_arrow.h"
#include "api/user_record_batches.h"
#include "docstrings.h"
#include "kpl/message.h"
#include "output/errors.h"
#include "output/prototypes.h"
#include "output/user_record_type.h"

/* Parses the arguments of either function and returns the result of `make`; NULL with an
 * exception. `format` is the one of deagg_options_parse. */
static PyObject *
parse_and_make(PyObject *module, PyObject *args, PyObject *kwargs, const char *format,
               PyObject *(*make)(deagg_state *, PyObject *, const deagg_options *))
{
    deagg_state *state = PyModule_GetState(module);
    PyObject *records;
    deagg_options options;
    if (deagg_options_parse(state, args, kwargs, format, &records, &options) < 0) {
        return NULL;
    }
    PyObject *made = make(state, records, &options);
    Py_DECREF(records);
    return made;
}

static PyObject *
deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return parse_and_make(module, args, kwargs, "O|O$OOOO:deaggregate_records",
                          deagg_pipeline_list);
}

static PyObject *
iter_deaggregate_records(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return parse_and_make(module, args, kwargs, "O|O$OOOO:iter_deaggregate_records",
                          deagg_iterator_new);
}

static PyObject *
is_aggregated(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"payload", NULL};
    PyObject *payload;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:is_aggregated", names, &payload)) {
        return NULL;
    }
    /* User code in the payload's buffer may clear `kwargs`. */
    Py_INCREF(payload);
    int aggregated = deagg_is_aggregated(PyModule_GetState(module), payload);
    Py_DECREF(payload);
    return aggregated < 0 ? NULL : PyBool_FromLong(aggregated);
}

/* Parses the arguments of unpack() and unpack_arrow() and returns the result of `read`; NULL with
 * an exception. */
static PyObject *
parse_and_read(PyObject *module, PyObject *args, PyObject *kwargs, const char *format,
               char **names, PyObject *(*read)(deagg_state *, PyObject *, bool))
{
    PyObject *payloads;
    PyObject *verify = Py_True;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, &payloads, &verify)) {
        return NULL;
    }
    /* verify.__bool__ may clear `kwargs`. */
    Py_INCREF(payloads);
    int verifies = PyObject_IsTrue(verify);
    PyObject *result = verifies < 0 ? NULL : read(PyModule_GetState(module), payloads, verifies);
    Py_DECREF(payloads);
    return result;
}

static PyObject *
unpack(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"payload", "verify", NULL};
    return parse_and_read(module, args, kwargs, "O|$O:unpack", names, deagg_unpack);
}

static PyObject *
unpack_arrow(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"payloads", "verify", NULL};
    return parse_and_read(module, args, kwargs, "O|$O:unpack_arrow", names, deagg_unpack_arrow);
}

static PyObject *
pack(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"user_records", NULL};
    PyObject *user_records;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:pack", names, &user_records)) {
        return NULL;
    }
    /* User code in the iterable may clear `kwargs`. */
    Py_INCREF(user_records);
    PyObject *payload = deagg_pack(PyModule_GetState(module), user_records);
    Py_DECREF(user_records);
    return payload;
}

static PyObject *
pack_prefix(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *user_records;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "On:pack_prefix", &user_records, &most)) {
        return NULL;
    }
    return deagg_pack_prefix(user_records, most < 0 ? 0 : (size_t)most);
}

static PyObject *
hash_key(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *partition_key;
    PyObject *explicit_hash_key;
    if (!PyArg_ParseTuple(args, "OO:hash_key", &partition_key, &explicit_hash_key)) {
        return NULL;
    }
    return deagg_packed_hash_key(partition_key, explicit_hash_key);
}

static PyMethodDef module_methods[] = {
    {"deaggregate_records", (PyCFunction)(void (*)(void))deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, deaggregate_records_doc},
    {"iter_deaggregate_records", (PyCFunction)(void (*)(void))iter_deaggregate_records,
     METH_VARARGS | METH_KEYWORDS, iter_deaggregate_records_doc},
    {"hash_key", hash_key, METH_VARARGS, hash_key_doc},
    {"is_aggregated", (PyCFunction)(void (*)(void))is_aggregated, METH_VARARGS | METH_KEYWORDS,
     is_aggregated_doc},
    {"pack", (PyCFunction)(void (*)(void))pack, METH_VARARGS | METH_KEYWORDS, pack_doc},
    {"pack_prefix", pack_prefix, METH_VARARGS, pack_prefix_doc},
    {"unpack", (PyCFunction)(void (*)(void))unpack, METH_VARARGS | METH_KEYWORDS, unpack_doc},
    {"unpack_arrow", (PyCFunction)(void (*)(void))unpack_arrow, METH_VARARGS | METH_KEYWORDS,
     unpack_arrow_doc},
    {NULL, NULL, 0, NULL},
};

/* 0, or -1 with MemoryError. */
static int
intern_names(deagg_state *state)
{
#define INTERN(name) &&(state->names.name = PyUnicode_InternFromString(#name)) != NULL
    bool interned = true DEAGG_NAMES(INTERN);
#undef INTERN
    return interned ? 0 : -1;
}

/* A new frozenset of the keys of a Lambda record other than 'kinesis'. */
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

/* Creates the types and adds them to the module. 0, or -1 with an exception. */
static int
add_types(PyObject *module, deagg_state *state)
{
    state->iterator_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &deagg_iterator_spec, NULL);
    if (state->iterator_type == NULL || PyModule_AddType(module, state->iterator_type) < 0) {
        return -1;
    }
    state->user_record_type = (PyTypeObject *)deagg_user_record_new_type(module);
    if (state->user_record_type == NULL || PyModule_AddType(module, state->user_record_type) < 0) {
        return -1;
    }
    state->user_record_batches_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &deagg_user_record_batches_spec, NULL);
    if (state->user_record_batches_type == NULL ||
        PyModule_AddType(module, state->user_record_batches_type) < 0) {
        return -1;
    }
    state->aggregate_error = deagg_errors_new_type(module);
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
    deagg_gate_init(&state->record_prototypes.adding);
    deagg_gate_init(&state->kinesis_prototypes.adding);
    if (intern_names(state) < 0 || add_types(module, state) < 0) {
        return -1;
    }
    state->event_keys = new_event_keys();
    if (state->event_keys == NULL) {
        return -1;
    }
    if (PyModule_AddStringConstant(module, "__version__", DEAGG_VERSION) < 0) {
        return -1;
    }
    if (PyModule_AddStringConstant(module, "protobuf_c_version",
                                   kpl_message_protobuf_c_version()) < 0) {
        return -1;
    }
    /* Not in the definition: user code can get hold of a module that was not executed yet. */
    return PyModule_AddFunctions(module, module_methods);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    deagg_state *state = PyModule_GetState(module);
    Py_VISIT(state->iterator_type);
    Py_VISIT(state->user_record_type);
    Py_VISIT(state->user_record_batches_type);
    Py_VISIT(state->aggregate_error);
    Py_VISIT(state->event_keys);
    return 0;
}

/* Without m_clear, since user code that runs while the collector clears garbage may still call
 * functions of a module that is part of it. The types release the module, which breaks the cycle.
 */
static void
module_free(void *module)
{
    deagg_state *state = PyModule_GetState(module);
    Py_CLEAR(state->iterator_type);
    Py_CLEAR(state->user_record_type);
    Py_CLEAR(state->user_record_batches_type);
    Py_CLEAR(state->aggregate_error);
    Py_CLEAR(state->event_keys);
    deagg_prototypes_clear(&state->record_prototypes);
    deagg_prototypes_clear(&state->kinesis_prototypes);
#define CLEAR(name) Py_CLEAR(state->names.name);
    DEAGG_NAMES(CLEAR)
#undef CLEAR
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

PyDoc_STRVAR(module_doc, "Deaggregation of Kinesis records, in C. Import it from aws_kpl_deagg.");

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
