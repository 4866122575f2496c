/* What help() tells about the functions of the module. */
#ifndef DEAGG_DOCSTRINGS_H
#define DEAGG_DOCSTRINGS_H

#include "base/compat.h"

#define DEAGG_RECORDS_SIGNATURE                                                \
    "(records, data_format=None, *, decode=False, strict=False, verify=True, " \
    "hash_key_range=None)\n--\n\n"

PyDoc_STRVAR(
    deagg_deaggregate_records_doc,
    "deaggregate_records" DEAGG_RECORDS_SIGNATURE
    "Return a list of all user records in `records`, in order.\n"
    "\n"
    "records: an iterable of Kinesis records (mappings), a single one, or a whole event or\n"
    "    response. The source of each record is recognised by its keys:\n"
    "        Lambda event              'kinesis'\n"
    "        boto3                     'Data', 'SequenceNumber'\n"
    "        Firehose transformation   'kinesisRecordMetadata'\n"
    "        Kinesis Data Analytics    'kinesisStreamRecordMetadata'\n"
    "        EventBridge Pipes         'data', 'sequenceNumber', 'kinesisSchemaVersion'\n"
    "    Payloads are base64, as str or bytes-like; but bytes-like from boto3 are the payload.\n"
    "data_format: None, or 'Boto3', which changes nothing and is there for callers of\n"
    "    aws_kinesis_agg.\n"
    "decode: True gives data as bytes in everything that comes out, but for text that does not\n"
    "    decode, which counts as damaged.\n"
    "strict: True raises AggregateError for a damaged aggregate.\n"
    "verify: False leaves the MD5 digest of aggregates unchecked.\n"
    "hash_key_range: (first, last), ints from 0 to 2**128 - 1, both inclusive: drops each\n"
    "    aggregate with a user record whose hash key lies outside, with one INFO line.\n"
    "\n"
    "An aggregate of the Kinesis Producer Library (KPL) becomes its user records, each a new\n"
    "dict in this shape and order, from any source:\n"
    "\n"
    "    {'kinesis': {'kinesisSchemaVersion':         str\n"
    "                 'sequenceNumber':               str\n"
    "                 'approximateArrivalTimestamp':  float, seconds (Lambda, Pipes); int,\n"
    "                                                 milliseconds (Firehose, Analytics);\n"
    "                                                 datetime (boto3)\n"
    "                 'explicitHashKey':    str, or None where the user record has none\n"
    "                 'partitionKey':       str\n"
    "                 'subSequenceNumber':  int, from 0 within the aggregate\n"
    "                 'aggregated':         True\n"
    "                 'data':               str, base64; bytes with decode=True\n"
    "                 ...},                 all other metadata of the Kinesis record\n"
    "     ...}                              all else that a Lambda event's record has\n"
    "\n"
    "The first three are left out where the Kinesis record lacks them.\n"
    "\n"
    "A record without the KPL's magic is plain and comes out as it is: from Lambda the same\n"
    "object (with decode=True a copy), from other sources a dict in this shape without\n"
    "'explicitHashKey', 'subSequenceNumber' and 'aggregated'. So does a damaged aggregate, which\n"
    "has the magic and a fault; one WARNING on the logger 'aws_kpl_deagg' tells its sequence\n"
    "number and the reason (AggregateError lists them), never the data.\n"
    "\n"
    "Raises AggregateError with strict=True; TypeError for what is not iterable, and for a\n"
    "record that is no mapping or whose data has the wrong type; KeyError for a record of no\n"
    "known source or without data; ValueError for a wrong data_format or hash_key_range.\n"
    "\n"
    "The format:\n"
    "https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md");

PyDoc_STRVAR(
    deagg_iter_deaggregate_records_doc,
    "iter_deaggregate_records" DEAGG_RECORDS_SIGNATURE
    "Return an iterator over all user records in `records`, in order.\n"
    "\n"
    "Takes, yields and raises what deaggregate_records() does, lazily: the call itself looks at\n"
    "the options alone, and records are taken in one at a time, from an endless iterator too.\n"
    "Memory does not grow with the number of records. close() finishes the iterator.");

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
    "verify: False leaves the MD5 digest unchecked.\n"
    "\n"
    "Raises AggregateError for what is no aggregate, its reason 'not aggregated' for a plain\n"
    "payload, and TypeError for what is not bytes-like.");

#endif
