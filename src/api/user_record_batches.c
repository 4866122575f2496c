/* The result of unpack_arrow(): see user_record_batches.h. */
#include "api/user_record_batches.h"

typedef struct {
    PyObject_HEAD
    deagg_shared_batches *shared; /* one reference */
} user_record_batches;

PyObject *
deagg_user_record_batches_new(deagg_state *state, deagg_shared_batches *shared)
{
    user_record_batches *self = PyObject_New(user_record_batches, state->user_record_batches_type);
    if (self == NULL) {
        deagg_shared_batches_release(shared);
        return NULL;
    }
    self->shared = shared;
    return (PyObject *)self;
}

static void
batches_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    deagg_shared_batches_release(((user_record_batches *)self)->shared);
    PyObject_Free(self);
    Py_DECREF(type);
}

static Py_ssize_t
batches_length(PyObject *self)
{
    return (Py_ssize_t)deagg_shared_batches_row_count(((user_record_batches *)self)->shared);
}

static void
destroy_schema(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, DEAGG_SCHEMA_CAPSULE);
    if (schema->release != NULL) {
        schema->release(schema);
    }
    free(schema);
}

static void
destroy_stream(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, DEAGG_STREAM_CAPSULE);
    if (stream->release != NULL) {
        stream->release(stream);
    }
    free(stream);
}

static PyObject *
batches_arrow_c_schema(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    struct ArrowSchema *schema = malloc(sizeof *schema);
    if (schema == NULL || deagg_arrow_export_schema(schema) != 0) {
        free(schema);
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(schema, DEAGG_SCHEMA_CAPSULE, destroy_schema);
    if (capsule == NULL) {
        schema->release(schema);
        free(schema);
    }
    return capsule;
}

static PyObject *
batches_arrow_c_stream(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"requested_schema", NULL};
    PyObject *requested_schema = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:__arrow_c_stream__", names,
                                     &requested_schema)) {
        return NULL;
    }
    struct ArrowArrayStream *stream = malloc(sizeof *stream);
    if (stream == NULL ||
        deagg_arrow_export_stream(((user_record_batches *)self)->shared, stream) != 0) {
        free(stream);
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(stream, DEAGG_STREAM_CAPSULE, destroy_stream);
    if (capsule == NULL) {
        stream->release(stream);
        free(stream);
    }
    return capsule;
}

static PyMethodDef batches_methods[] = {
    {"__arrow_c_schema__", batches_arrow_c_schema, METH_NOARGS,
     PyDoc_STR("__arrow_c_schema__($self, /)\n--\n\n"
               "Return the schema, a struct of six columns, as a PyCapsule 'arrow_schema'.")},
    {"__arrow_c_stream__", (PyCFunction)(void (*)(void))batches_arrow_c_stream,
     METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("__arrow_c_stream__($self, /, requested_schema=None)\n--\n\n"
               "Return all batches as a PyCapsule 'arrow_array_stream', any number of times.\n"
               "\n"
               "requested_schema: ignored, as the specification allows.")},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    batches_doc,
    "User records as columns: the result of unpack_arrow().\n"
    "\n"
    "Libraries that know the Arrow PyCapsule interface read it without a copy: pyarrow, Polars,\n"
    "DuckDB, pandas 3. len() is the number of rows. It may be read any number of times.");

static PyType_Slot batches_slots[] = {
    {Py_tp_doc, (void *)batches_doc},
    {Py_tp_dealloc, batches_dealloc},
    {Py_tp_methods, batches_methods},
    {Py_sq_length, batches_length},
    {0, NULL},
};

/* Instances refer to no Python object but their type, so the collector need not know them. */
PyType_Spec deagg_user_record_batches_spec = {
    .name = "aws_kpl_deagg.UserRecordBatches",
    .basicsize = sizeof(user_record_batches),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = batches_slots,
};
