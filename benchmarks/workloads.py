"""The named workloads of Kinesis records, the same in every process."""

import base64
import hashlib
import random
import uuid
from collections.abc import Callable
from typing import NamedTuple

from aws_kinesis_agg.deaggregator import aws_kinesis_agg, messages_pb2

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/benchmark"


class Workload(NamedTuple):
    """Kinesis records, and the number of user records that they hold."""

    name: str
    aggregated: bool
    user_record_count: int
    kinesis_records: Callable[[], list[dict]]


def lambda_record(number: int, payload: bytes) -> dict:
    """Returns a Kinesis record in the form of a Lambda event's."""
    sequence_number = str(49581544954143914480256700934210366840104395343224897586 + number)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "a",
            "sequenceNumber": sequence_number,
            "data": base64.b64encode(payload).decode("ascii"),
            "approximateArrivalTimestamp": 1518133507.063 + number,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000003:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/benchmark",
        "awsRegion": "us-east-1",
        "eventSourceARN": STREAM,
    }


def aggregate(
    rng: random.Random, user_records: int, size: int, keys: int, hash_keys: bool = False
) -> bytes:
    """Returns a payload of `user_records` of `size` bytes each; `keys` keys take turns."""
    message = messages_pb2.AggregatedRecord()
    for _ in range(keys):
        message.partition_key_table.append(str(uuid.UUID(int=rng.getrandbits(128))))
        if hash_keys:
            message.explicit_hash_key_table.append(str(rng.getrandbits(128)))
    for number in range(user_records):
        record = message.records.add()
        record.partition_key_index = number % keys
        if hash_keys:
            record.explicit_hash_key_index = number % keys
        record.data = rng.randbytes(size)
    serialized = message.SerializeToString()
    return aws_kinesis_agg.MAGIC + serialized + hashlib.md5(serialized).digest()


def aggregates(
    name: str, count: int, user_records: int, size: int, keys: int, hash_keys: bool = False
) -> Workload:
    """Returns a workload of `count` similar aggregates."""

    def kinesis_records() -> list[dict]:
        rng = random.Random(name)
        return [
            lambda_record(number, aggregate(rng, user_records, size, keys, hash_keys))
            for number in range(count)
        ]

    return Workload(name, True, count * user_records, kinesis_records)


def plain(name: str, count: int, size: int) -> Workload:
    """Returns a workload of `count` Kinesis records that are not aggregates."""

    def kinesis_records() -> list[dict]:
        rng = random.Random(name)
        return [lambda_record(number, rng.randbytes(size)) for number in range(count)]

    return Workload(name, False, count, kinesis_records)


WORKLOADS = [
    aggregates("1 MB: 8,500 x 100 B, 50 keys", 1, 8500, 100, keys=50),
    aggregates("1 MB: 6,800 x 100 B, a key each", 1, 6800, 100, keys=6800),
    aggregates("100 of 220 x 200 B", 100, 220, 200, keys=20),
    aggregates("100 of 10 x 500 B, hash keys", 100, 10, 500, keys=10, hash_keys=True),
    aggregates("100 of 10 x 10 KiB", 100, 10, 10 * 1024, keys=10),
    # Kinesis accepts at most 10,485,760 bytes; a user record of 1 KiB takes 1,032 of them.
    aggregates("10 MiB of 1 KiB", 1, 10158, 1024, keys=50),
    plain("1,000 plain x 1 KiB", 1000, 1024),
]
