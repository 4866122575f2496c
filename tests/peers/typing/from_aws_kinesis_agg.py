"""A boto3 consumer that comes from aws_kinesis_agg, with its data_format."""

from base64 import b64decode
from typing import Any, Literal

from mypy_boto3_kinesis import KinesisClient
from typing_extensions import assert_type

from aws_kpl_deagg.deaggregator import deaggregate_records, iter_deaggregate_records
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord


def consume(client: KinesisClient, iterator: str) -> None:
    records = client.get_records(ShardIterator=iterator)["Records"]
    for record in iter_deaggregate_records(records, data_format="Boto3"):
        data = record["kinesis"]["data"]
        assert_type(data, str | bytes)
        if record["kinesis"].get("aggregated"):
            data = b64decode(data)
        process(data)


def process(data: str | bytes) -> None: ...


def process_bytes(data: bytes) -> None: ...


def consume_bytes(records: list[dict[str, Any]], data_format: Literal["Boto3"] | None) -> None:
    # A user record's data is str, a plain record's is bytes.
    for record in deaggregate_records(records, "Boto3"):
        data = record["kinesis"]["data"]
        process_bytes(b64decode(data) if isinstance(data, str) else data)
        process_bytes(data)  # type: ignore[arg-type]
    for decoded in deaggregate_records(records, data_format, decode=True):
        process_bytes(decoded["kinesis"]["data"])
    either = deaggregate_records(records, data_format=data_format)
    assert_type(either, list[DeaggregatedRecord | DecodedRecord])
    assert_type(deaggregate_records(records, "Boto3", decode=True), list[DecodedRecord])
    deaggregate_records(records, "boto3")  # type: ignore[call-overload]
