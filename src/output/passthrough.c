/* Plain and damaged records: see passed_record.h. */
#include "output/passthrough.h"

#include "output/errors.h"
#include "base/mapping.h"
#include "input/payload.h"

/* A new dict, the copy of `mapping` with mapping[key] replaced by `value`; NULL with an exception.
 */
static PyObject *
copy_with(PyObject *mapping, PyObject *key, PyObject *value)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    if (deagg_mapping_copy_missing(dict, mapping) < 0 || PyDict_SetItem(dict, key, value) < 0) {
        Py_DECREF(dict);
        return NULL;
    }
    return dict;
}

/* The record with `data`, whose reference it takes and which may be NULL after an error: a new
 * reference, or NULL with an exception. */
static PyObject *
with_data(deagg_state *state, const deagg_kinesis_record *kinesis_record, PyObject *data)
{
    PyObject *record = NULL;
    if (data == NULL) {
        return NULL;
    }
    if (kinesis_record->source != DEAGG_LAMBDA) {
        if (PyDict_SetItem(kinesis_record->metadata, state->keys.data, data) == 0) {
            record = Py_NewRef(kinesis_record->record);
        }
    }
    else {
        PyObject *kinesis = copy_with(kinesis_record->metadata, state->keys.data, data);
        if (kinesis != NULL) {
            record = copy_with(kinesis_record->record, state->keys.kinesis, kinesis);
            Py_DECREF(kinesis);
        }
    }
    Py_DECREF(data);
    return record;
}

/* The payload as base64 in a str, or as it came if it is a str or does not decode: a new
 * reference, or NULL with an exception. */
static PyObject *
text_of_payload(deagg_state *state, PyObject *payload, bool is_text)
{
    if (PyUnicode_Check(payload)) {
        return Py_NewRef(payload);
    }
    PyObject *bytes = deagg_payload_bytes(state, payload, is_text);
    if (bytes == NULL) {
        return PyErr_Occurred() ? NULL : Py_NewRef(payload);
    }
    PyObject *text =
        deagg_payload_text(state, (kpl_bytes){(const uint8_t *)PyBytes_AS_STRING(bytes),
                                              (size_t)PyBytes_GET_SIZE(bytes)});
    Py_DECREF(bytes);
    return text;
}

PyObject *
deagg_passed_record(deagg_state *state, const deagg_options *options,
                    const deagg_kinesis_record *kinesis_record, kpl_status status)
{
    PyObject *payload = kinesis_record->payload;
    bool is_text = deagg_source_sends_text(kinesis_record->source, payload);
    PyObject *bytes = NULL;
    if (options->decode) {
        bytes = deagg_payload_bytes(state, payload, is_text);
        if (bytes == NULL) {
            if (PyErr_Occurred()) {
                return NULL;
            }
            status = KPL_NOT_BASE64;
        }
    }
    if (deagg_is_damage(status) &&
        deagg_damage_report(state, options, kinesis_record->metadata, status) < 0) {
        Py_XDECREF(bytes);
        return NULL;
    }
    if (bytes != NULL) {
        return with_data(state, kinesis_record, bytes);
    }
    if (kinesis_record->source == DEAGG_LAMBDA) {
        return Py_NewRef(kinesis_record->record);
    }
    return with_data(state, kinesis_record, text_of_payload(state, payload, is_text));
}
