/* Passing records through: see passthrough.h. */
#include "output/passthrough.h"

#include "base/mapping.h"
#include "input/payload.h"
#include "output/data.h"
#include "output/errors.h"

/* A new dict, a copy of `mapping` with mapping[key] replaced by `value`; NULL with an exception.
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

/* The record with `data` in place of its own: a new reference, or NULL with an exception. */
static PyObject *
with_data(deagg_state *state, const deagg_kinesis_record *kinesis_record, PyObject *data)
{
    if (kinesis_record->source != DEAGG_LAMBDA) {
        return PyDict_SetItem(kinesis_record->metadata, state->names.data, data) < 0
                   ? NULL
                   : Py_NewRef(kinesis_record->record);
    }
    PyObject *kinesis = copy_with(kinesis_record->metadata, state->names.data, data);
    if (kinesis == NULL) {
        return NULL;
    }
    PyObject *record = copy_with(kinesis_record->record, state->names.kinesis, kinesis);
    Py_DECREF(kinesis);
    return record;
}

/* The payload as base64 in a str; the payload object itself if it is a str or undecodable, or from
 * boto3 with that option. A new reference, or NULL with an exception. */
static PyObject *
payload_text(deagg_state *state, bool boto3, const deagg_kinesis_record *kinesis_record)
{
    PyObject *payload = kinesis_record->payload;
    if (PyUnicode_Check(payload) || (boto3 && kinesis_record->source == DEAGG_BOTO3)) {
        return Py_NewRef(payload);
    }
    PyObject *bytes;
    kpl_status status =
        deagg_payload_decode(state, payload, kinesis_record->is_base64, false, &bytes);
    if (status != KPL_OK) {
        return status == KPL_EXCEPTION ? NULL : Py_NewRef(payload);
    }
    PyObject *text =
        deagg_data_base64(state, (kpl_bytes){(const uint8_t *)PyBytes_AS_STRING(bytes),
                                             (size_t)PyBytes_GET_SIZE(bytes)});
    Py_DECREF(bytes);
    return text;
}

PyObject *
deagg_passthrough(deagg_state *state, bool boto3, bool decode, bool strict,
                  const deagg_kinesis_record *kinesis_record, kpl_status status)
{
    PyObject *record = NULL;
    PyObject *data = NULL;
    if (decode) {
        kpl_status decoded = deagg_payload_decode(state, kinesis_record->payload,
                                                  kinesis_record->is_base64, true, &data);
        /* The first fault of a damaged record is the one to report. */
        if (decoded == KPL_EXCEPTION || (decoded != KPL_OK && !kpl_status_is_damage(status))) {
            status = decoded;
        }
    }
    if (status == KPL_EXCEPTION) {
        goto done;
    }
    if (kpl_status_is_damage(status) &&
        deagg_errors_report_damage(state, strict, kinesis_record->metadata, status) < 0) {
        goto done;
    }
    if (data == NULL && kinesis_record->source == DEAGG_LAMBDA) {
        return Py_NewRef(kinesis_record->record);
    }
    if (data == NULL) {
        data = decode ? Py_NewRef(kinesis_record->payload)
                      : payload_text(state, boto3, kinesis_record);
    }
    if (data != NULL) {
        record = with_data(state, kinesis_record, data);
    }
done:
    Py_XDECREF(data);
    return record;
}
