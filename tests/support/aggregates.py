"""Builds protobuf messages, aggregates and Kinesis records, well-formed or not.

A message is put together from its fields' bytes, so that every odd form can be written down.
The sources of the format are in oracle.py, those of the records' shapes in oracle_sources.py.
"""

import base64
import datetime
import hashlib
from collections.abc import Iterable
from typing import Any

MAGIC = b"\xf3\x89\x9a\xc2"

VARINT, FIXED64, LENGTH_PREFIXED, START_GROUP, END_GROUP, FIXED32 = range(6)

# A Kinesis record's sequence number, as Lambda has it.
SEQUENCE_NUMBER = "49581544954143914480256700934210366840104395343224897586"

# The hash key range of a stream's only shard.
ALL_HASH_KEYS = (0, 2**128 - 1)


# The wire


def varint(number: int, size: int = 0) -> bytes:
    """`number` as a varint of at least `size` bytes; more than are needed make it overlong."""
    encoded = bytearray()
    while number > 0x7F or len(encoded) + 1 < size:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def key(number: int, wire_type: int, size: int = 0) -> bytes:
    """What stands before a field's value."""
    return varint(number << 3 | wire_type, size)


def varint_field(number: int, value: int) -> bytes:
    return key(number, VARINT) + varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    return key(number, LENGTH_PREFIXED) + varint(len(value)) + value


# The messages


def tag(tag_key: bytes, value: bytes | None = None) -> bytes:
    return bytes_field(1, tag_key) + (b"" if value is None else bytes_field(2, value))


def record(
    partition_key_index: int,
    data: bytes = b"",
    explicit_hash_key_index: int | None = None,
    tags: Iterable[bytes] = (),
) -> bytes:
    fields = [varint_field(1, partition_key_index)]
    if explicit_hash_key_index is not None:
        fields.append(varint_field(2, explicit_hash_key_index))
    fields.append(bytes_field(3, data))
    fields += [bytes_field(4, each) for each in tags]
    return b"".join(fields)


def message(
    partition_keys: Iterable[bytes] = (),
    records: Iterable[bytes] = (),
    explicit_hash_keys: Iterable[bytes] = (),
) -> bytes:
    """An AggregatedRecord in the order in which the KPL writes its fields."""
    fields = [bytes_field(1, each) for each in partition_keys]
    fields += [bytes_field(2, each) for each in explicit_hash_keys]
    fields += [bytes_field(3, each) for each in records]
    return b"".join(fields)


# Around the message


def payload(aggregated_record: bytes) -> bytes:
    """Magic, message and digest."""
    digest = hashlib.md5(aggregated_record, usedforsecurity=False).digest()
    return MAGIC + aggregated_record + digest


def base64_text(kinesis_payload: bytes) -> str:
    return base64.b64encode(kinesis_payload).decode("ascii")


def text_of_data(data: Any) -> Any:
    return base64_text(data) if isinstance(data, bytes) else data


def kinesis_record(data: Any, sequence_number: str = SEQUENCE_NUMBER) -> dict[str, Any]:
    """A Lambda record with every key that Lambda sends.

    `data` is a payload when it is bytes; anything else goes in as it is.
    """
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "a",
            "sequenceNumber": sequence_number,
            "data": text_of_data(data),
            "approximateArrivalTimestamp": 1518133507.063,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000003:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/role",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/stream",
    }


def aggregated_kinesis_record(aggregated_record: bytes, **options: Any) -> dict[str, Any]:
    """A Lambda record whose payload is an aggregate of this message."""
    return kinesis_record(payload(aggregated_record), **options)


# The other sources


def boto3_record(data: Any, sequence_number: str = SEQUENCE_NUMBER) -> dict[str, Any]:
    """A record as boto3's get_records returns it; `data` goes in as it is."""
    return {
        "SequenceNumber": sequence_number,
        "ApproximateArrivalTimestamp": datetime.datetime(
            2018, 2, 8, 23, 45, 7, tzinfo=datetime.timezone.utc
        ),
        "Data": data,
        "PartitionKey": "a",
        "EncryptionType": "KMS",
    }


def firehose_record(data: Any, sequence_number: str = SEQUENCE_NUMBER) -> dict[str, Any]:
    """A record of a Firehose transformation with a Kinesis source; `data` as kinesis_record's."""
    return {
        "recordId": "49546986683135544286507457936321625675700192471156785154000000",
        "approximateArrivalTimestamp": 1518133507063,
        "kinesisRecordMetadata": {
            "sequenceNumber": sequence_number,
            "subsequenceNumber": "0",
            "partitionKey": "a",
            "shardId": "shardId-000000000000",
            "approximateArrivalTimestamp": 1518133507064,
        },
        "data": text_of_data(data),
    }


def analytics_record(data: Any, sequence_number: str = SEQUENCE_NUMBER) -> dict[str, Any]:
    """A record of Kinesis Data Analytics' preprocessing; `data` as kinesis_record's."""
    return {
        "recordId": sequence_number,
        "kinesisStreamRecordMetadata": {
            "sequenceNumber": sequence_number,
            "partitionKey": "a",
            "shardId": "shardId-000000000000",
            "approximateArrivalTimestamp": 1518133507063,
        },
        "data": text_of_data(data),
    }


def pipes_record(data: Any, sequence_number: str = SEQUENCE_NUMBER) -> dict[str, Any]:
    """A record of EventBridge Pipes, Lambda's keys on one level; `data` as kinesis_record's."""
    record = kinesis_record(data, sequence_number)
    return {**record.pop("kinesis"), **record}


BUILDERS = {
    "Lambda": kinesis_record,
    "boto3": boto3_record,
    "Firehose": firehose_record,
    "Analytics": analytics_record,
    "Pipes": pipes_record,
}
