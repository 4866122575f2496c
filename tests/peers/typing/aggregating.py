"""A producer with the types of boto3-stubs."""

from collections.abc import Iterator

from mypy_boto3_kinesis import KinesisClient
from typing_extensions import assert_type

from aws_kpl_deagg import UserRecord
from aws_kpl_deagg.aggregator import aggregate
from aws_kpl_deagg.record_types import PutRecordsEntry


def produce(client: KinesisClient, user_records: list[UserRecord]) -> None:
    entries = list(aggregate(user_records))
    assert_type(entries, list[PutRecordsEntry])
    client.put_records(StreamName="stream", Records=entries)
    shards = client.list_shards(StreamName="stream")["Shards"]
    ranges = [shard["HashKeyRange"] for shard in shards]
    for entry in aggregate(user_records, max_size=1_000_000, hash_key_ranges=ranges):
        client.put_records(StreamName="stream", Records=[entry])
        content: bytes = entry["Data"]
        assert_type(entry.get("PartitionKey"), str | None)
        assert content


def user_records() -> Iterator[tuple[str, str | None, bytes]]:
    yield "key", None, b"data"


def arguments(view: memoryview, numbers: list[int]) -> None:
    assert_type(aggregate(user_records()), Iterator[PutRecordsEntry])
    aggregate([("key", None, view), ("key", "7", bytearray())])
    aggregate([("key", None, b"", [("tag", None)]), ("key", None, b"", ())])
    aggregate(iter(user_records()), hash_key_ranges=[(0, 2**128 - 1)])
    aggregate([("key", None, "text")])  # type: ignore[list-item]
    aggregate([(b"key", None, b"")])  # type: ignore[list-item]
    aggregate(user_records(), 1_000)  # type: ignore[call-arg]
    aggregate(user_records(), hash_key_ranges=numbers)  # type: ignore[arg-type]
