/* What help() tells about the functions of the module. */
#ifndef DEAGG_DOCSTRINGS_H
#define DEAGG_DOCSTRINGS_H

#include "compat.h"

#define DEAGG_RECORDS_SIGNATURE                                                \
    "(records, data_format=None, *, decode=False, strict=False, verify=True, " \
    "hash_key_range=None)\n--\n\n"

PyDoc_STRVAR(
    deagg_deaggregate_records_doc,
    "deaggregate_records" DEAGG_RECORDS_SIGNATURE
    "Return a list of all user records in `records`, in order.\n"
    "\n"
    "records: an iterable of Kinesis records (mappings) from any of these sources, mixed or not:\n"
    "a Lambda event, boto3's get_records or subscribe_to_shard, a Firehose transformation, "
    "Kinesis\n"
    "Data Analytics, EventBridge Pipes; or a single record; or a whole event or response.\n"
    "\n"
    "An aggregate of the Kinesis Producer Library becomes its user records, each a new dict in "
    "the\n"
    "shape of a Lambda event's record:\n"
    "\n"
    "    {'kinesis': {'kinesisSchemaVersion', 'sequenceNumber', 'approximateArrivalTimestamp':\n"
    "                                     of the Kinesis record, as far as it has them\n"
    "                 'explicitHashKey':   str, or None where the user record has none\n"
    "                 'partitionKey':      str\n"
    "                 'subSequenceNumber': int, from 0 within the aggregate\n"
    "                 'aggregated':        True\n"
    "                 'data':              str, base64 (with decode=True: bytes)\n"
    "                 ...},               all other metadata that the Kinesis record has\n"
    "     ...}                            all else that a Lambda event's record has\n"
    "\n"
    "Any other record comes out as it is: the same object, or, from another source than Lambda, "
    "a\n"
    "dict in the same shape. So does a damaged aggregate, with one WARNING on the logger\n"
    "'aws_kpl_deagg' that tells its sequence number and the reason.\n"
    "\n"
    "data_format: None, or 'Boto3', which changes nothing and is there for callers of\n"
    "    aws_kinesis_agg.\n"
    "decode: give data as bytes in everything that comes out.\n"
    "strict: raise AggregateError for a damaged aggregate.\n"
    "verify: check the MD5 digest of aggregates.\n"
    "hash_key_range: (first, last), ints from 0 to 2**128 - 1, both inclusive: drop an "
    "aggregate,\n"
    "    with one INFO line, if the hash key of one of its user records lies outside.\n"
    "\n"
    "Raises TypeError for a record that is no mapping or whose data has the wrong type, KeyError\n"
    "for one of no known source or without data, ValueError for an option's value.\n"
    "\n"
    "Format: "
    "https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md");

PyDoc_STRVAR(
    deagg_iter_deaggregate_records_doc,
    "iter_deaggregate_records" DEAGG_RECORDS_SIGNATURE
    "Return an iterator over all user records in `records`, in order.\n"
    "\n"
    "Takes, yields and raises what deaggregate_records() does, lazily: the call itself reads\n"
    "nothing, and records are taken in one at a time, from an endless iterator too. Memory does\n"
    "not grow with the number of records.");

PyDoc_STRVAR(
    deagg_is_aggregated_doc,
    "is_aggregated(payload, /)\n--\n\n"
    "Return whether `payload`, a bytes-like object, has magic, length and MD5 digest of an\n"
    "aggregate of the Kinesis Producer Library. That it also decodes is not promised.\n"
    "\n"
    "Raises TypeError for what is not bytes-like.");

PyDoc_STRVAR(
    deagg_unpack_doc,
    "unpack(payload, *, verify=True)\n--\n\n"
    "Return a list of the UserRecords in `payload`, a bytes-like object that holds an aggregate\n"
    "of the Kinesis Producer Library.\n"
    "\n"
    "verify: check the MD5 digest.\n"
    "\n"
    "Raises AggregateError for what is no aggregate, its reason 'not aggregated' for a plain\n"
    "payload, and TypeError for what is not bytes-like.");

#endif
