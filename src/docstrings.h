/* The docstrings of the module's functions, for module.c alone. */
#ifndef DEAGG_DOCSTRINGS_H
#define DEAGG_DOCSTRINGS_H

#include "base/compat.h"

#define RECORDS_SIGNATURE                                                      \
    "(records, data_format=None, *, decode=False, strict=False, verify=True, " \
    "hash_key_range=None)\n--\n\n"

PyDoc_STRVAR(
    deaggregate_records_doc,
    "deaggregate_records" RECORDS_SIGNATURE
    "Return a list of all user records in `records`, in order.\n"
    "\n"
    "records: an iterable of Kinesis records (mappings), a single one, or a whole event or\n"
    "    response. The source of each record is recognised by its keys:\n"
    "        Lambda event              'kinesis'\n"
    "        boto3                     'Data', 'SequenceNumber'\n"
    "        Firehose transformation   'kinesisRecordMetadata'\n"
    "        Kinesis Data Analytics    'kinesisStreamRecordMetadata'\n"
    "        EventBridge Pipes         'data', 'sequenceNumber', 'kinesisSchemaVersion'\n"
    "    Payloads are base64, as str or bytes-like, except that a bytes-like object from boto3\n"
    "    is the payload itself.\n"
    "data_format: None, or 'Boto3' as callers of aws_kinesis_agg pass it: the data of a plain\n"
    "    or damaged record from boto3 then stays as it is, normally bytes, unless decode is "
    "True.\n"
    "decode: True returns data as bytes. A plain record whose text is not exactly base64, line\n"
    "    breaks aside, then counts as damaged; such text stays as it is.\n"
    "strict: True raises AggregateError for a damaged aggregate.\n"
    "verify: False does not check the MD5 digest of aggregates.\n"
    "hash_key_range: (first, last), ints from 0 to 2**128 - 1, both inclusive, or a shard's\n"
    "    HashKeyRange from boto3. Drops each aggregate that has a user record with a hash key\n"
    "    outside, with one INFO line.\n"
    "\n"
    "An aggregate of the Kinesis Producer Library (KPL) is replaced by its user records. Each is\n"
    "a new dict of this shape and order, whatever the source:\n"
    "\n"
    "    {'kinesis': {'kinesisSchemaVersion':         str\n"
    "                 'sequenceNumber':               str\n"
    "                 'approximateArrivalTimestamp':  float, seconds (Lambda, Pipes); int,\n"
    "                                                 milliseconds (Firehose, Analytics);\n"
    "                                                 datetime (boto3)\n"
    "                 'explicitHashKey':    str, or None if the user record has none\n"
    "                 'partitionKey':       str\n"
    "                 'subSequenceNumber':  int, from 0 within the aggregate\n"
    "                 'aggregated':         True\n"
    "                 'data':               str, base64; bytes with decode=True\n"
    "                 ...},                 all other metadata of the Kinesis record\n"
    "     ...}                              all other keys of a Lambda event's record, and the\n"
    "                                       event keys (eventSource, ...) of a Pipes record\n"
    "\n"
    "The first three are absent if the Kinesis record lacks them, except that the schema version\n"
    "is then '1.0' for sources other than Lambda.\n"
    "\n"
    "A record without the KPL's magic is plain and is passed through: a record from Lambda as\n"
    "the same object (with decode=True as a copy), a record from another source as a dict of\n"
    "this shape without 'explicitHashKey', 'subSequenceNumber' and 'aggregated'. A damaged\n"
    "aggregate, which has the magic but a fault, is passed through as well. One WARNING on the\n"
    "logger 'aws_kpl_deagg' reports its sequence number and the reason (AggregateError lists\n"
    "them), never the data.\n"
    "\n"
    "Raises AggregateError with strict=True; TypeError if `records` is not iterable, if a record\n"
    "is not a mapping, or if its data or hash_key_range has the wrong type; KeyError if a\n"
    "record's source is unknown or its data is missing; ValueError for a wrong data_format or\n"
    "hash_key_range.\n"
    "\n"
    "Example:\n"
    "    for record in deaggregate_records(event['Records'], decode=True):\n"
    "        print(record['kinesis']['partitionKey'], record['kinesis']['data'])\n"
    "\n"
    "The format:\n"
    "https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md");

PyDoc_STRVAR(
    iter_deaggregate_records_doc,
    "iter_deaggregate_records" RECORDS_SIGNATURE
    "Return an iterator over all user records in `records`, in order.\n"
    "\n"
    "Accepts, yields and raises the same as deaggregate_records(), lazily: the call itself "
    "checks\n"
    "only the options, and records are read one at a time, from an endless iterator too. Memory\n"
    "does not grow with the number of records. close() finishes the iterator, as does the end of\n"
    "a with block.\n"
    "\n"
    "Example:\n"
    "    with iter_deaggregate_records(event['Records']) as records:\n"
    "        first = next(records, None)");

PyDoc_STRVAR(
    is_aggregated_doc,
    "is_aggregated(payload)\n--\n\n"
    "Return whether `payload`, a bytes-like object, has the magic, length and MD5 digest of an\n"
    "aggregate of the Kinesis Producer Library. Its message may still be malformed.\n"
    "\n"
    "Raises TypeError if `payload` is not bytes-like.\n"
    "\n"
    "Example:\n"
    "    aggregates = [record for record in response['Records'] if "
    "is_aggregated(record['Data'])]");

PyDoc_STRVAR(
    pack_doc,
    "pack(user_records)\n--\n\n"
    "Return the payload that holds `user_records` as an aggregate of the Kinesis Producer\n"
    "Library: the inverse of unpack().\n"
    "\n"
    "user_records: an iterable of one or more UserRecords, or tuples (partition_key,\n"
    "    explicit_hash_key, data) or (partition_key, explicit_hash_key, data, tags): a str; a\n"
    "    decimal str below 2**128 or None; a bytes-like object; an iterable of pairs (key, "
    "value)\n"
    "    of str, or None as the value.\n"
    "\n"
    "Raises TypeError and ValueError for anything else, with the number of the user record, from\n"
    "0.\n"
    "\n"
    "Example:\n"
    "    payload = pack([('key', None, b'first'), ('other', None, b'second')])");

PyDoc_STRVAR(hash_key_doc,
             "hash_key(partition_key, explicit_hash_key, /)\n--\n\n"
             "Return the hash key of a user record with these keys as 16 bytes, big-endian. For "
             "aggregator.aggregate().");

PyDoc_STRVAR(pack_prefix_doc,
             "pack_prefix(user_records, most, /)\n--\n\n"
             "Return the payload of as many of the first user records as fit into `most` bytes, "
             "and their number. For aggregator.aggregate().");

PyDoc_STRVAR(
    unpack_doc,
    "unpack(payload, *, verify=True)\n--\n\n"
    "Return a list of the UserRecords in `payload`, a bytes-like object that holds an aggregate\n"
    "of the Kinesis Producer Library.\n"
    "\n"
    "verify: False does not check the MD5 digest.\n"
    "\n"
    "Raises AggregateError if `payload` is not an aggregate, with the reason 'not aggregated' "
    "for\n"
    "a plain payload, and TypeError if it is not bytes-like.\n"
    "\n"
    "Example:\n"
    "    for partition_key, explicit_hash_key, data, tags in unpack(payload):\n"
    "        print(partition_key, data)");

PyDoc_STRVAR(
    unpack_arrow_doc,
    "unpack_arrow(payloads, *, verify=True)\n--\n\n"
    "Return the user records in all `payloads` as columns: a UserRecordBatches, which pyarrow,\n"
    "Polars, DuckDB and pandas 3 read without a copy.\n"
    "\n"
    "payloads: a sequence of bytes-like objects and None, or a column of type binary, large\n"
    "    binary or binary view that has __arrow_c_stream__ or __arrow_c_array__.\n"
    "verify: False does not check the MD5 digest of aggregates.\n"
    "\n"
    "The columns:\n"
    "    payload_index        int64   of the payload, from 0\n"
    "    sub_sequence_number  int32   of the user record, from 0 within the aggregate\n"
    "    partition_key        utf8\n"
    "    explicit_hash_key    utf8    null if the user record has none\n"
    "    data                 binary\n"
    "    damage               utf8    the reason, as AggregateError lists them\n"
    "\n"
    "Nothing is lost: a payload that is not an aggregate is a row with its data alone, a damaged\n"
    "one has the reason too, and None is a row with its index alone. An aggregate without user\n"
    "records has no row. Keys are UTF-8 with invalid bytes as U+FFFD. Tags are left out: the KPL\n"
    "writes none. An aggregate whose rows would take more than 80 times its payload, plus\n"
    "128 KiB, is damaged: 'needs too much memory'.\n"
    "\n"
    "Raises TypeError if `payloads` or one of its items has the wrong type, MemoryError, and\n"
    "OSError if the producer of the column fails.\n"
    "\n"
    "Example:\n"
    "    table = pyarrow.table(unpack_arrow([record['Data'] for record in response['Records']]))\n"
    "\n"
    "The format of the columns: https://arrow.apache.org/docs/format/CDataInterface.html");

#endif
