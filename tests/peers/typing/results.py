"""Typical uses of user records: annotate, sort, filter, group and write them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from typing_extensions import assert_type

from aws_kpl_deagg import deaggregate_records
from aws_kpl_deagg.record_types import (
    DeaggregatedKinesis,
    DeaggregatedRecord,
    DecodedKinesis,
    DecodedRecord,
)


def process(record: DecodedRecord) -> bytes:
    return record["kinesis"]["data"]


def process_kinesis(kinesis: DecodedKinesis) -> bytes:
    return kinesis["data"]


def process_text(record: DeaggregatedRecord) -> DeaggregatedKinesis:
    return record["kinesis"]


def process_mapping(record: Mapping[str, Any]) -> None: ...


def process_dict(record: dict[str, Any]) -> None: ...


def process_all(records: Iterable[Mapping[str, Any]]) -> None: ...


def call(event: dict[str, Any]) -> None:
    records = deaggregate_records(event, decode=True)
    for record in records:
        process(record)
        process_kinesis(record["kinesis"])
        process_mapping(record)
        process_mapping(record["kinesis"])
        process_dict(dict(record))
        # A TypedDict is not a dict[str, Any], as the typing specification has it.
        process_dict(record)  # type: ignore[arg-type]
        process_text(record)  # type: ignore[arg-type]
    process_all(records)
    assert_type(list(map(process, records)), list[bytes])
    for text in deaggregate_records(event):
        process_text(text)
        process(text)  # type: ignore[arg-type]


def annotate(event: dict[str, Any]) -> list[DecodedRecord]:
    records: list[DecodedRecord] = deaggregate_records(event, decode=True)
    records += deaggregate_records(event, decode=True, strict=True)
    # Results may go in again.
    return deaggregate_records(records, decode=True)


def keys_that_only_user_records_have(record: DeaggregatedRecord) -> None:
    kinesis = record["kinesis"]
    assert_type(kinesis.get("subSequenceNumber"), int | None)
    assert_type(kinesis.get("subSequenceNumber", 0), int)
    assert_type(kinesis.get("explicitHashKey"), str | None)
    assert_type(kinesis["approximateArrivalTimestamp"], int | float | datetime)
    if "subSequenceNumber" in kinesis:
        assert_type(kinesis["subSequenceNumber"], int)
    if kinesis.get("aggregated"):
        print(kinesis["sequenceNumber"], kinesis["partitionKey"])
    kinesis["data_"]  # type: ignore[typeddict-item]


def position(record: DeaggregatedRecord | DecodedRecord) -> tuple[int, int]:
    kinesis = record["kinesis"]
    return int(kinesis["sequenceNumber"]), kinesis.get("subSequenceNumber", 0)


def sort_and_filter(event: dict[str, Any]) -> None:
    records = deaggregate_records(event, decode=True)
    assert_type(sorted(records, key=position), list[DecodedRecord])
    records.sort(key=lambda record: record["kinesis"]["sequenceNumber"], reverse=True)
    wanted = [each for each in records if each["kinesis"]["partitionKey"].startswith("a")]
    assert_type(wanted, list[DecodedRecord])
    full = filter(lambda record: record["kinesis"]["data"], records)
    assert_type(list(full), list[DecodedRecord])
    amounts: defaultdict[str, int] = defaultdict(int)
    for partition_key, group in groupby(records, lambda each: each["kinesis"]["partitionKey"]):
        amounts[partition_key] += sum(len(each["kinesis"]["data"]) for each in group)


def write(event: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, deaggregate_records(event)))
