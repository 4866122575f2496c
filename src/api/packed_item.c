/* Checks and copies of what a user record holds: see packed_item.h. */
#include "api/packed_item.h"

#include "kpl/hash_key.h"
#include "kpl/writer.h"

#include <string.h>

void
deagg_packed_item_clear(deagg_packed_item *item)
{
    Py_CLEAR(item->partition_key);
    Py_CLEAR(item->explicit_hash_key);
    Py_CLEAR(item->data);
    Py_CLEAR(item->tags);
}

kpl_bytes
deagg_packed_text(PyObject *text)
{
    Py_ssize_t size;
    /* The UTF-8 is there since new_text() has made it, so this does not fail. */
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &size);
    return (kpl_bytes){(const uint8_t *)utf8, (size_t)size};
}

kpl_bytes
deagg_packed_bytes(PyObject *bytes)
{
    if (bytes == NULL) {
        return (kpl_bytes){NULL, 0};
    }
    return (kpl_bytes){(const uint8_t *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)};
}

/* A new reference to `text` as an exact str with UTF-8; `what` names it in messages. NULL with
 * TypeError, ValueError for lone surrogates, or MemoryError. */
static PyObject *
new_text(PyObject *text, const char *what)
{
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "%s must be a str, not '%.200s'", what,
                     Py_TYPE(text)->tp_name);
        return NULL;
    }
    /* A subclass may have a hash of its own. */
    PyObject *exact = PyUnicode_FromObject(text);
    if (exact != NULL && PyUnicode_AsUTF8AndSize(exact, NULL) == NULL) {
        Py_CLEAR(exact);
    }
    return exact;
}

/* As new_text, and a number below 2**128, which *hash_key is set to. */
static PyObject *
new_hash_key(PyObject *text, kpl_hash_key *hash_key)
{
    PyObject *exact = new_text(text, "explicit_hash_key");
    if (exact != NULL && !kpl_hash_key_parse(deagg_packed_text(exact), hash_key)) {
        PyErr_Format(PyExc_ValueError,
                     "explicit_hash_key must be a decimal number below 2**128, not %.100R", exact);
        Py_CLEAR(exact);
    }
    return exact;
}

/* `data` itself if it is bytes, or else a copy, so that it cannot change: a new reference. NULL
 * with TypeError, MemoryError, or what the object's buffer raised. */
static PyObject *
new_data(PyObject *data)
{
    if (PyBytes_CheckExact(data)) {
        return Py_NewRef(data);
    }
    if (!PyObject_CheckBuffer(data)) {
        PyErr_Format(PyExc_TypeError, "data must be bytes-like, not '%.200s'",
                     Py_TYPE(data)->tp_name);
        return NULL;
    }
    return PyBytes_FromObject(data);
}

/* A new tuple (key, value) of exact str with UTF-8, or None as the value. NULL with an
 * exception. */
static PyObject *
new_tag(PyObject *given)
{
    PyObject *key = NULL;
    PyObject *value = NULL;
    PyObject *tag = NULL;
    PyObject *pair = PySequence_Tuple(given);
    if (pair == NULL) {
        return NULL;
    }
    if (PyTuple_GET_SIZE(pair) != 2) {
        PyErr_Format(PyExc_ValueError, "a tag must have 2 items, not %zd", PyTuple_GET_SIZE(pair));
        goto done;
    }
    key = new_text(PyTuple_GET_ITEM(pair, 0), "a tag's key");
    if (key == NULL) {
        goto done;
    }
    PyObject *given_value = PyTuple_GET_ITEM(pair, 1);
    value = given_value == Py_None ? Py_NewRef(Py_None) : new_text(given_value, "a tag's value");
    if (value != NULL) {
        tag = PyTuple_Pack(2, key, value);
    }
done:
    Py_DECREF(pair);
    Py_XDECREF(key);
    Py_XDECREF(value);
    return tag;
}

/* A new list of the tags in the iterable `given`, as new_tag makes them. NULL with an exception.
 */
static PyObject *
new_tag_list(PyObject *given)
{
    PyObject *tags = PySequence_List(given);
    for (Py_ssize_t i = 0; tags != NULL && i < PyList_GET_SIZE(tags); i++) {
        PyObject *tag = new_tag(PyList_GET_ITEM(tags, i));
        if (tag == NULL || PyList_SetItem(tags, i, tag) < 0) {
            Py_CLEAR(tags);
        }
    }
    return tags;
}

typedef struct {
    kpl_bytes key;
    kpl_bytes value;
    const kpl_bytes *value_or_null; /* to `value` */
} tag_texts;

/* Borrows the texts of a tag that new_tag made. */
static void
read_tag(PyObject *tag, tag_texts *texts)
{
    PyObject *value = PyTuple_GET_ITEM(tag, 1);
    texts->key = deagg_packed_text(PyTuple_GET_ITEM(tag, 0));
    texts->value_or_null = NULL;
    if (value != Py_None) {
        texts->value = deagg_packed_text(value);
        texts->value_or_null = &texts->value;
    }
}

/* A new bytes object with the fields of the tags in the iterable `given`. NULL with an
 * exception. */
static PyObject *
new_tags(PyObject *given)
{
    PyObject *tags = new_tag_list(given);
    if (tags == NULL) {
        return NULL;
    }
    tag_texts texts;
    size_t size = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(tags); i++) {
        read_tag(PyList_GET_ITEM(tags, i), &texts);
        size += kpl_tag_size(texts.key, texts.value_or_null);
    }
    PyObject *fields = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (fields != NULL) {
        uint8_t *to = (uint8_t *)PyBytes_AS_STRING(fields);
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(tags); i++) {
            read_tag(PyList_GET_ITEM(tags, i), &texts);
            to = kpl_write_tag(to, texts.key, texts.value_or_null);
        }
    }
    Py_DECREF(tags);
    return fields;
}

/* Reads the items of a tuple. 0, or -1 with an exception. */
static int
parse_items(deagg_packed_item *item, PyObject *items)
{
    Py_ssize_t count = PyTuple_GET_SIZE(items);
    if (count != 3 && count != 4) {
        PyErr_Format(PyExc_ValueError, "must have 3 or 4 items, not %zd", count);
        return -1;
    }
    item->partition_key = new_text(PyTuple_GET_ITEM(items, 0), "partition_key");
    if (item->partition_key == NULL) {
        return -1;
    }
    if (PyTuple_GET_ITEM(items, 1) != Py_None) {
        kpl_hash_key hash_key;
        item->explicit_hash_key = new_hash_key(PyTuple_GET_ITEM(items, 1), &hash_key);
        if (item->explicit_hash_key == NULL) {
            return -1;
        }
    }
    item->data = new_data(PyTuple_GET_ITEM(items, 2));
    if (item->data == NULL) {
        return -1;
    }
    if (count == 4) {
        PyObject *tags = PyTuple_GET_ITEM(items, 3);
        if (!PyTuple_CheckExact(tags) || PyTuple_GET_SIZE(tags) != 0) {
            item->tags = new_tags(tags);
            return item->tags == NULL ? -1 : 0;
        }
    }
    return 0;
}

int
deagg_packed_item_parse(deagg_packed_item *item, PyObject *user_record)
{
    if (PyTuple_Check(user_record)) {
        return parse_items(item, user_record);
    }
    if (!PyList_Check(user_record)) {
        PyErr_Format(PyExc_TypeError, "must be a UserRecord or a tuple, not '%.200s'",
                     Py_TYPE(user_record)->tp_name);
        return -1;
    }
    /* User code that runs meanwhile may change a list. */
    PyObject *items = PySequence_Tuple(user_record);
    if (items == NULL) {
        return -1;
    }
    int result = parse_items(item, items);
    Py_DECREF(items);
    return result;
}

PyObject *
deagg_packed_hash_key(PyObject *partition_key, PyObject *explicit_hash_key)
{
    kpl_hash_key hash_key;
    PyObject *text = new_text(partition_key, "partition_key");
    if (text != NULL && explicit_hash_key == Py_None) {
        hash_key = kpl_hash_key_of_partition_key(deagg_packed_text(text));
    }
    else if (text != NULL) {
        Py_SETREF(text, new_hash_key(explicit_hash_key, &hash_key));
    }
    if (text == NULL) {
        return NULL;
    }
    Py_DECREF(text);
    return PyBytes_FromStringAndSize((const char *)hash_key.bytes, sizeof hash_key.bytes);
}
