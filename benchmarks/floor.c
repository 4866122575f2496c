/* The floor under every deaggregator that returns these dicts: the least that CPython can do to
 * produce an equal answer, given the finished one.
 *
 *     Floor([(message, text, user_records), ...])
 *         .build() -> list    all records, like deaggregate_records
 *         iter()              one at a time, like iter_deaggregate_records
 *
 * `message`, bytes, is hashed; `text`, a str, is the data of all user records, concatenated. Both
 * are None for a plain record.
 *
 * Per payload it hashes the message with hashlib. Per user record it makes the objects that cannot
 * be shared: the outer dict, the 'kinesis' dict, the str of the data and the sub-sequence number.
 * On CPython 3.11 to 3.13 the cheapest way was to clone the dicts of the payload's first user
 * record and to replace the values that differ: cloning each finished dict reads more memory, and
 * dicts that share their keys cost more. Objects that exist already are looked up before the clock
 * runs. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

typedef struct {
    PyObject *message;           /* of the payload that starts here, else NULL */
    PyObject *record;            /* to be cloned, or the plain record itself */
    PyObject *kinesis;           /* to be cloned; NULL for a plain record */
    PyObject *partition_key;     /* NULL if it is that of `kinesis` */
    PyObject *explicit_hash_key; /* the same */
    const char *data;
    Py_ssize_t data_size;
    Py_ssize_t sub_sequence_number;
} floor_entry;

/* The entries borrow from `payloads`, which must not change. */
typedef struct {
    PyObject_HEAD
    PyObject *payloads;
    PyObject *md5;
    floor_entry *entries;
    Py_ssize_t size;
} floor_object;

typedef struct {
    PyObject_HEAD
    floor_object *floor;
    Py_ssize_t position;
} floor_iterator;

static PyObject *kinesis_key;
static PyObject *partition_key_key;
static PyObject *explicit_hash_key_key;
static PyObject *data_key;
static PyObject *sub_sequence_number_key;
static PyObject *digest_name;
static PyTypeObject *iterator_type;

static int
hash_message(const floor_object *floor, PyObject *message)
{
    PyObject *hash = PyObject_CallOneArg(floor->md5, message);
    if (hash == NULL) {
        return -1;
    }
    PyObject *digest = PyObject_CallMethodNoArgs(hash, digest_name);
    Py_DECREF(hash);
    Py_XDECREF(digest);
    return digest == NULL ? -1 : 0;
}

/* Sets dict[key] and steals `value`, which is NULL if making it failed. */
static int
set_new(PyObject *dict, PyObject *key, PyObject *value)
{
    if (value == NULL) {
        return -1;
    }
    int status = PyDict_SetItem(dict, key, value);
    Py_DECREF(value);
    return status;
}

static PyObject *
copy_ascii(const char *data, Py_ssize_t size)
{
    PyObject *copy = PyUnicode_New(size, 127);
    if (copy != NULL) {
        memcpy(PyUnicode_DATA(copy), data, (size_t)size);
    }
    return copy;
}

static int
fill_kinesis(const floor_entry *entry, PyObject *kinesis)
{
    if (entry->partition_key != NULL &&
        PyDict_SetItem(kinesis, partition_key_key, entry->partition_key) < 0) {
        return -1;
    }
    if (entry->explicit_hash_key != NULL &&
        PyDict_SetItem(kinesis, explicit_hash_key_key, entry->explicit_hash_key) < 0) {
        return -1;
    }
    PyObject *number = PyLong_FromSsize_t(entry->sub_sequence_number);
    if (set_new(kinesis, sub_sequence_number_key, number) < 0) {
        return -1;
    }
    return set_new(kinesis, data_key, copy_ascii(entry->data, entry->data_size));
}

/* Returns a new user record equal to the entry's. */
static PyObject *
make_user_record(const floor_entry *entry)
{
    PyObject *kinesis = PyDict_Copy(entry->kinesis);
    if (kinesis == NULL || fill_kinesis(entry, kinesis) < 0) {
        Py_XDECREF(kinesis);
        return NULL;
    }
    PyObject *record = PyDict_Copy(entry->record);
    if (record != NULL && PyDict_SetItem(record, kinesis_key, kinesis) < 0) {
        Py_CLEAR(record);
    }
    Py_DECREF(kinesis);
    return record;
}

static PyObject *
next_record(const floor_object *floor, Py_ssize_t position)
{
    const floor_entry *entry = &floor->entries[position];
    if (entry->message != NULL && hash_message(floor, entry->message) < 0) {
        return NULL;
    }
    return entry->kinesis == NULL ? Py_NewRef(entry->record) : make_user_record(entry);
}

static PyObject *
floor_build(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    floor_object *floor = (floor_object *)self;
    /* Any implementation may pause the collector, which saves time before Python 3.12. */
    int collecting = PyGC_Disable();
    PyObject *records = PyList_New(floor->size);
    for (Py_ssize_t i = 0; records != NULL && i < floor->size; i++) {
        PyObject *record = next_record(floor, i);
        if (record == NULL) {
            Py_CLEAR(records);
        }
        else {
            PyList_SET_ITEM(records, i, record);
        }
    }
    if (collecting) {
        PyGC_Enable();
    }
    return records;
}

/* Returns (borrowed) the finished dict's value of `key`, or NULL if the template has the same. */
static PyObject *
different(PyObject *template, PyObject *finished, PyObject *key)
{
    PyObject *value = PyDict_GetItemWithError(finished, key);
    return value == PyDict_GetItemWithError(template, key) ? NULL : value;
}

/* Fills an entry from a finished user record and the first one of its payload, and moves `*text`
 * past its data. Nothing is checked here, since the benchmark compares the answers. */
static void
look_up(floor_entry *entry, PyObject *record, PyObject *first, const char **text)
{
    PyObject *finished = PyDict_GetItemWithError(record, kinesis_key);
    entry->record = first;
    entry->kinesis = PyDict_GetItemWithError(first, kinesis_key);
    entry->partition_key = different(entry->kinesis, finished, partition_key_key);
    entry->explicit_hash_key = different(entry->kinesis, finished, explicit_hash_key_key);
    PyObject *number = PyDict_GetItemWithError(finished, sub_sequence_number_key);
    entry->sub_sequence_number = PyLong_AsSsize_t(number);
    entry->data = *text;
    entry->data_size = PyUnicode_GET_LENGTH(PyDict_GetItemWithError(finished, data_key));
    *text += entry->data_size;
}

/* Appends the entries of one payload. */
static int
look_up_payload(floor_object *floor, PyObject *payload)
{
    PyObject *message, *records;
    const char *text;
    if (!PyArg_ParseTuple(payload, "OzO!", &message, &text, &PyList_Type, &records)) {
        return -1;
    }
    Py_ssize_t count = PyList_GET_SIZE(records);
    size_t size = (size_t)(floor->size + count) * sizeof *floor->entries;
    floor_entry *entries = PyMem_Realloc(floor->entries, size);
    if (entries == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    floor->entries = entries;
    memset(entries + floor->size, 0, (size_t)count * sizeof *entries);
    for (Py_ssize_t i = 0; i < count; i++) {
        floor_entry *entry = &entries[floor->size + i];
        if (message == Py_None) {
            entry->record = PyList_GET_ITEM(records, i);
        }
        else {
            look_up(entry, PyList_GET_ITEM(records, i), PyList_GET_ITEM(records, 0), &text);
            entry->message = i == 0 ? message : NULL;
        }
    }
    floor->size += count;
    return 0;
}

static int
look_up_all(floor_object *floor)
{
    Py_ssize_t payload_count = PyList_GET_SIZE(floor->payloads);
    for (Py_ssize_t i = 0; i < payload_count; i++) {
        if (look_up_payload(floor, PyList_GET_ITEM(floor->payloads, i)) < 0) {
            return -1;
        }
    }
    return 0;
}

static PyObject *
floor_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *payloads;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!", (char *[]){"payloads", NULL},
                                     &PyList_Type, &payloads)) {
        return NULL;
    }
    floor_object *floor = (floor_object *)type->tp_alloc(type, 0);
    if (floor == NULL) {
        return NULL;
    }
    floor->payloads = Py_NewRef(payloads);
    PyObject *hashlib = PyImport_ImportModule("hashlib");
    floor->md5 = hashlib ? PyObject_GetAttrString(hashlib, "md5") : NULL;
    Py_XDECREF(hashlib);
    if (floor->md5 == NULL || look_up_all(floor) < 0) {
        Py_CLEAR(floor);
    }
    return (PyObject *)floor;
}

static void
floor_dealloc(PyObject *self)
{
    floor_object *floor = (floor_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(floor->payloads);
    Py_XDECREF(floor->md5);
    PyMem_Free(floor->entries);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
floor_iter(PyObject *self)
{
    floor_iterator *iterator = (floor_iterator *)iterator_type->tp_alloc(iterator_type, 0);
    if (iterator != NULL) {
        iterator->floor = (floor_object *)Py_NewRef(self);
    }
    return (PyObject *)iterator;
}

static PyObject *
iterator_next(PyObject *self)
{
    floor_iterator *iterator = (floor_iterator *)self;
    if (iterator->position == iterator->floor->size) {
        return NULL;
    }
    return next_record(iterator->floor, iterator->position++);
}

static void
iterator_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(((floor_iterator *)self)->floor);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef floor_methods[] = {
    {"build", floor_build, METH_NOARGS, "Returns a list equal to all the user records."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot floor_slots[] = {
    {Py_tp_new, floor_new},
    {Py_tp_dealloc, floor_dealloc},
    {Py_tp_iter, floor_iter},
    {Py_tp_methods, floor_methods},
    {0, NULL},
};

static PyType_Spec floor_spec = {"floor.Floor", sizeof(floor_object), 0, Py_TPFLAGS_DEFAULT,
                                 floor_slots};

static PyType_Slot iterator_slots[] = {
    {Py_tp_dealloc, iterator_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, iterator_next},
    {0, NULL},
};

static PyType_Spec iterator_spec = {
    "floor.FloorIterator",
    sizeof(floor_iterator),
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    iterator_slots,
};

static int
floor_exec(PyObject *module)
{
    kinesis_key = PyUnicode_InternFromString("kinesis");
    partition_key_key = PyUnicode_InternFromString("partitionKey");
    explicit_hash_key_key = PyUnicode_InternFromString("explicitHashKey");
    data_key = PyUnicode_InternFromString("data");
    sub_sequence_number_key = PyUnicode_InternFromString("subSequenceNumber");
    digest_name = PyUnicode_InternFromString("digest");
    iterator_type = (PyTypeObject *)PyType_FromSpec(&iterator_spec);
    PyObject *floor_type = PyType_FromSpec(&floor_spec);
    if (!kinesis_key || !partition_key_key || !explicit_hash_key_key || !data_key ||
        !sub_sequence_number_key || !digest_name || !iterator_type || !floor_type) {
        Py_XDECREF(floor_type);
        return -1;
    }
    int status = PyModule_AddType(module, (PyTypeObject *)floor_type);
    Py_DECREF(floor_type);
    return status;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, floor_exec},
    {0, NULL},
};

static PyModuleDef floor_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "floor",
    .m_doc = "The least work for a deaggregator that returns these dicts.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_floor(void)
{
    return PyModuleDef_Init(&floor_module);
}
