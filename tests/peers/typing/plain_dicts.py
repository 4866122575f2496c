"""Events and records without types of their own: the types that each option returns."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any, Literal

from typing_extensions import assert_type

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord


def lambda_handler(event: dict[str, Any], context: object) -> None:
    for record in deaggregate_records(event["Records"]):
        assert_type(record, DeaggregatedRecord)
        assert_type(record["kinesis"]["partitionKey"], str)
        assert_type(record["kinesis"]["data"], str)
        takes_bytes(record["kinesis"]["data"])  # type: ignore[arg-type]
    for decoded in deaggregate_records(event, decode=True):
        assert_type(decoded, DecodedRecord)
        assert_type(decoded["kinesis"]["data"], bytes)
        takes_str(decoded["kinesis"]["data"])  # type: ignore[arg-type]


def takes_bytes(data: bytes) -> None: ...


def takes_str(data: str) -> None: ...


def arguments(
    record: dict[str, Any],
    records: list[dict[str, Any]],
    mappings: Iterator[Mapping[str, Any]],
    others: Iterable[dict[str, object]],
) -> None:
    assert_type(deaggregate_records(record), list[DeaggregatedRecord])
    assert_type(deaggregate_records(records=records), list[DeaggregatedRecord])
    assert_type(deaggregate_records(tuple(records)), list[DeaggregatedRecord])
    assert_type(deaggregate_records(mappings), list[DeaggregatedRecord])
    assert_type(deaggregate_records(others), list[DeaggregatedRecord])
    assert_type(deaggregate_records(each for each in records), list[DeaggregatedRecord])
    deaggregate_records("records")  # type: ignore[arg-type]
    deaggregate_records(b"payload")  # type: ignore[arg-type]
    deaggregate_records([b"payload"])  # type: ignore[list-item]
    deaggregate_records()  # type: ignore[call-overload]


def options(records: list[dict[str, Any]], flag: bool) -> None:
    either = deaggregate_records(records, decode=flag)
    assert_type(either, list[DeaggregatedRecord | DecodedRecord])
    assert_type(either[0]["kinesis"]["data"], str | bytes)
    assert_type(deaggregate_records(records, decode=False), list[DeaggregatedRecord])
    assert_type(deaggregate_records(records, None, strict=flag), list[DeaggregatedRecord])
    assert_type(deaggregate_records(records, strict=True, verify=False), list[DeaggregatedRecord])
    assert_type(deaggregate_records(records, decode=True, strict=True), list[DecodedRecord])
    deaggregate_records(records, decode="yes")  # type: ignore[call-overload]
    deaggregate_records(records, decode=1)  # type: ignore[call-overload]
    deaggregate_records(records, strict="yes")  # type: ignore[call-overload]
    deaggregate_records(records, verify=None)  # type: ignore[call-overload]
    deaggregate_records(records, decoded=True)  # type: ignore[call-overload]
    deaggregate_records(records, None, True)  # type: ignore[call-overload]


def hash_key_ranges(
    records: list[dict[str, Any]],
    shard: dict[str, Any],
    bounds: dict[str, str],
    optional: tuple[int, int] | None,
) -> None:
    deaggregate_records(records, hash_key_range=(0, 2**128 - 1))
    deaggregate_records(records, hash_key_range=shard["HashKeyRange"])
    deaggregate_records(records, hash_key_range=bounds)
    deaggregate_records(records, hash_key_range=optional)
    deaggregate_records(records, hash_key_range=(0, 1, 2))  # type: ignore[arg-type]
    deaggregate_records(records, hash_key_range=("0", "1"))  # type: ignore[arg-type]
    deaggregate_records(records, hash_key_range=[0, 1])  # type: ignore[call-overload]


def iterator(
    records: list[dict[str, Any]], flag: bool, data_format: Literal["Boto3"] | None
) -> None:
    user_records = iter_deaggregate_records(records)
    assert_type(next(user_records), DeaggregatedRecord)
    assert_type(next(user_records, None), DeaggregatedRecord | None)
    for record in user_records:
        assert_type(record["kinesis"]["data"], str)
    user_records.close()
    takes_generator(user_records)  # type: ignore[arg-type]
    annotated: Iterator[DecodedRecord] = iter_deaggregate_records(records, decode=True)
    assert_type([each["kinesis"]["data"] for each in annotated], list[bytes])
    either: Iterator[DeaggregatedRecord | DecodedRecord]
    either = iter_deaggregate_records(records, decode=flag)
    either = iter_deaggregate_records(records, data_format)
    assert_type(next(either)["kinesis"]["data"], str | bytes)
    iter_deaggregate_records(records, decode="yes")  # type: ignore[call-overload]
    iter_deaggregate_records(records, "Boto")  # type: ignore[call-overload]
    iter_deaggregate_records(1)  # type: ignore[call-overload]


def takes_generator(generator: Generator[Mapping[str, Any], None, None]) -> None: ...


def iterator_in_with(event: dict[str, Any]) -> bytes:
    with iter_deaggregate_records(event, decode=True) as user_records:
        first = next(user_records)
        assert_type(first, DecodedRecord)
        for record in user_records:
            assert_type(record, DecodedRecord)
    # Both checkers know that __exit__ does not swallow exceptions, so `first` is bound here.
    return first["kinesis"]["data"]
