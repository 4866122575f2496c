/* Templates made from prototypes: see prototypes.h. */
#include "output/prototypes.h"

/* Instances can share 30 keys. A template has at most five that its source lacks: explicitHashKey,
 * partitionKey, subSequenceNumber, aggregated, data. */
#define MAX_SOURCE_KEYS 25

/* The longest key that is kept, in characters. */
#define MAX_KEY_LENGTH 100

/* A class must have had this many instances before CPython (3.11 and newer) gives the next one no
 * more room than its attributes need. */
#define INSTANCES 30

/* Whether a prototype may have `key`: an exact str of moderate length that does not begin with an
 * underscore, as do the attributes that every object has. */
static bool
is_suitable(PyObject *key)
{
    return PyUnicode_CheckExact(key) && PyUnicode_GET_LENGTH(key) > 0 &&
           PyUnicode_GET_LENGTH(key) <= MAX_KEY_LENGTH && PyUnicode_READ_CHAR(key, 0) != '_';
}

/* Whether a prototype may have these keys, a list. */
static bool
are_suitable(PyObject *keys)
{
    Py_ssize_t count = PyList_GET_SIZE(keys);
    bool suitable = count <= MAX_SOURCE_KEYS;
    for (Py_ssize_t i = 0; suitable && i < count; i++) {
        suitable = is_suitable(PyList_GET_ITEM(keys, i));
    }
    return suitable;
}

/* Computes a hash of all keys of an exact dict, in order. Returns false if one is not an exact
 * str, whose hash is cached and is found without user code. */
static bool
hash_keys(PyObject *dict, Py_uhash_t *hash)
{
    bool hashed = true;
    Py_uhash_t sum = 0;
    Py_BEGIN_CRITICAL_SECTION(dict);
    Py_ssize_t position = 0;
    PyObject *key;
    while (hashed && PyDict_Next(dict, &position, &key, NULL)) {
        hashed = PyUnicode_CheckExact(key);
        if (hashed) {
            sum = sum * 31 + (Py_uhash_t)PyObject_Hash(key);
        }
    }
    Py_END_CRITICAL_SECTION();
    *hash = sum;
    return hashed;
}

/* Sets the items of `dict` as attributes. 0, or -1 with an exception. */
static int
set_attributes(PyObject *instance, PyObject *dict)
{
    Py_ssize_t position = 0;
    PyObject *key;
    PyObject *value;
    int result = 0;
    while (result == 0 && PyDict_Next(dict, &position, &key, &value)) {
        result = PyObject_SetAttr(instance, key, value);
    }
    return result;
}

/* A new instance of a new class with the items of `dict` as its attributes, and with room for no
 * more; NULL with an exception. */
static PyObject *
new_instance(PyObject *dict)
{
    PyObject *type = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){ss}", "UserRecordKeys",
                                           "__module__", "aws_kpl_deagg");
    if (type == NULL) {
        return NULL;
    }
    /* The attributes of the first instance become the keys of all; the last one is returned. */
    PyObject *instance = PyObject_CallNoArgs(type);
    if (instance != NULL && set_attributes(instance, dict) < 0) {
        Py_CLEAR(instance);
    }
    for (int i = 1; instance != NULL && i < INSTANCES; i++) {
        Py_SETREF(instance, PyObject_CallNoArgs(type));
    }
    if (instance != NULL && set_attributes(instance, dict) < 0) {
        Py_CLEAR(instance);
    }
    Py_DECREF(type);
    return instance;
}

/* A new dict equal to `dict`, whose copies share their keys; NULL with an exception. */
static PyObject *
new_sharing_dict(PyObject *dict)
{
    PyObject *sharing = NULL;
    PyObject *instance = new_instance(dict);
    PyObject *attributes = instance == NULL ? NULL : PyObject_GenericGetDict(instance, NULL);
    if (attributes != NULL) {
        sharing = PyDict_Copy(attributes);
    }
    Py_XDECREF(attributes);
    Py_XDECREF(instance);
    return sharing;
}

/* A new dict with each key in a list as its own value; NULL with MemoryError. */
static PyObject *
new_specimen(PyObject *keys)
{
    PyObject *specimen = PyDict_New();
    for (Py_ssize_t i = 0; specimen != NULL && i < PyList_GET_SIZE(keys); i++) {
        PyObject *key = PyList_GET_ITEM(keys, i);
        if (PyDict_SetItem(specimen, key, key) < 0) {
            Py_CLEAR(specimen);
        }
    }
    return specimen;
}

/* Which of the keys in a list are their own values in `dict`: bit i for key i. */
static uint32_t
find_copied(PyObject *dict, PyObject *keys)
{
    uint32_t copied = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keys); i++) {
        PyObject *key = PyList_GET_ITEM(keys, i);
        /* The keys are exact str, whose comparison cannot fail. */
        if (PyDict_GetItemWithError(dict, key) == key) {
            copied |= (uint32_t)1 << i;
        }
    }
    return copied;
}

static void
clear_prototype(deagg_prototype *prototype)
{
    Py_CLEAR(prototype->source_keys);
    Py_CLEAR(prototype->ordinary);
    Py_CLEAR(prototype->sharing);
}

/* Makes a prototype for a list of keys. 0, or -1 with an exception and *prototype empty. */
static int
init_prototype(deagg_prototype *prototype, deagg_state *state, PyObject *keys,
               deagg_template_maker make)
{
    *prototype = (deagg_prototype){.source_keys = PyList_AsTuple(keys)};
    PyObject *specimen = new_specimen(keys);
    if (specimen != NULL) {
        (void)hash_keys(specimen, &prototype->hash);
        prototype->ordinary = make(state, specimen);
        Py_DECREF(specimen);
    }
    if (prototype->ordinary != NULL) {
        prototype->copied = find_copied(prototype->ordinary, keys);
        prototype->sharing = new_sharing_dict(prototype->ordinary);
    }
    if (prototype->source_keys == NULL || prototype->sharing == NULL) {
        clear_prototype(prototype);
        return -1;
    }
    return 0;
}

/* Adds a prototype for the keys of `source`, an exact dict. 1; 0 if they are not suitable or there
 * is no room; or -1 with an exception. */
static int
add_prototype(deagg_prototypes *prototypes, deagg_state *state, PyObject *source,
              deagg_template_maker make)
{
    PyObject *keys = PyDict_Keys(source);
    if (keys == NULL) {
        return -1;
    }
    size_t count = atomic_load_explicit(&prototypes->count, memory_order_relaxed);
    int result = 0;
    if (count < DEAGG_MAX_PROTOTYPES && are_suitable(keys)) {
        result = init_prototype(&prototypes->items[count], state, keys, make) < 0 ? -1 : 1;
        if (result == 1) {
            atomic_store_explicit(&prototypes->count, count + 1, memory_order_release);
        }
    }
    Py_DECREF(keys);
    return result;
}

/* Sets the value of item `index` of the source in `template`, unless the prototype has its own. 1;
 * 0 if the item's key is not the prototype's; or -1 with MemoryError. */
static int
copy_item(const deagg_prototype *prototype, Py_ssize_t index, PyObject *key, PyObject *value,
          PyObject *template)
{
    PyObject *expected = PyTuple_GET_ITEM(prototype->source_keys, index);
    /* Both have been hashed, and exact str that have been hashed can be compared. */
    if (key != expected && !(PyUnicode_CheckExact(key) && PyUnicode_Compare(key, expected) == 0)) {
        return 0;
    }
    if ((prototype->copied >> index & 1) == 0) {
        return 1;
    }
    return PyDict_SetItem(template, expected, value) < 0 ? -1 : 1;
}

/* Copies to `template` the values of all items of `source`. Returns as copy_item does. */
static int
copy_items(const deagg_prototype *prototype, PyObject *source, PyObject *template)
{
    int result;
    Py_BEGIN_CRITICAL_SECTION(source);
    result = PyDict_GET_SIZE(source) == PyTuple_GET_SIZE(prototype->source_keys);
    Py_ssize_t position = 0;
    PyObject *key;
    PyObject *value;
    for (Py_ssize_t i = 0; result == 1 && PyDict_Next(source, &position, &key, &value); i++) {
        result = copy_item(prototype, i, key, value, template);
    }
    Py_END_CRITICAL_SECTION();
    return result;
}

/* Makes a template from `source`, an exact dict, if its keys are the prototype's. 1 with a new
 * reference in *template; 0 with NULL if they are not; or -1 with NULL and MemoryError. Runs no
 * user code. */
static int
copy_prototype(const deagg_prototype *prototype, PyObject *source, bool share, PyObject **template)
{
    *template = NULL;
    PyObject *copy = PyDict_Copy(share ? prototype->sharing : prototype->ordinary);
    if (copy == NULL) {
        return -1;
    }
    int result = copy_items(prototype, source, copy);
    if (result == 1) {
        *template = copy;
    }
    else {
        Py_DECREF(copy);
    }
    return result;
}

/* copy_prototype with the prototype that has the keys of `source`, whose hash is `hash`. */
static int
copy_matching(deagg_prototypes *prototypes, PyObject *source, Py_uhash_t hash, bool share,
              PyObject **template)
{
    size_t count = atomic_load_explicit(&prototypes->count, memory_order_acquire);
    *template = NULL;
    int result = 0;
    bool was_enabled = deagg_collector_pause();
    for (size_t i = 0; result == 0 && i < count; i++) {
        if (prototypes->items[i].hash == hash) {
            result = copy_prototype(&prototypes->items[i], source, share, template);
        }
    }
    deagg_collector_resume(was_enabled);
    return result;
}

/* Adds a prototype for the keys of `source`, an exact dict, unless there is no room. Returns as
 * add_prototype does. */
static int
try_to_add(deagg_prototypes *prototypes, deagg_state *state, PyObject *source,
           deagg_template_maker make)
{
    if (atomic_load_explicit(&prototypes->count, memory_order_relaxed) == DEAGG_MAX_PROTOTYPES ||
        !deagg_gate_try_enter(&prototypes->adding)) {
        /* The thread that is inside, possibly this one further up, adds a prototype already. */
        return 0;
    }
    int added = add_prototype(prototypes, state, source, make);
    deagg_gate_leave(&prototypes->adding);
    return added;
}

PyObject *
deagg_prototypes_template(deagg_prototypes *prototypes, deagg_state *state, PyObject *source,
                          bool share, deagg_template_maker make)
{
    Py_uhash_t hash;
    PyObject *template;
    if (!PyDict_CheckExact(source) || !hash_keys(source, &hash)) {
        return make(state, source);
    }
    int found = copy_matching(prototypes, source, hash, share, &template);
    if (found == 0) {
        int added = try_to_add(prototypes, state, source, make);
        if (added < 0) {
            return NULL;
        }
        found = added ? copy_matching(prototypes, source, hash, share, &template) : 0;
    }
    return found == 0 ? make(state, source) : template;
}

void
deagg_prototypes_clear(deagg_prototypes *prototypes)
{
    size_t count = atomic_exchange_explicit(&prototypes->count, 0, memory_order_relaxed);
    for (size_t i = 0; i < count; i++) {
        clear_prototype(&prototypes->items[i]);
    }
}
