"""The types of the results have every key and every type of value that the results have."""

import typing

import aggregates
import pytest

from aws_kpl_deagg import deaggregate_records
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord


def assert_fits(value, typed_dict):
    """`value` has every key that it must have, and none that the type does not know."""
    hints = typing.get_type_hints(typed_dict)
    assert typed_dict.__required_keys__ <= value.keys() <= hints.keys()
    for key, item in value.items():
        if typing.is_typeddict(hints[key]):
            assert_fits(item, hints[key])
        else:
            kinds = typing.get_args(hints[key]) or (hints[key],)
            assert any(item == kind if kind is True else isinstance(item, kind) for kind in kinds)


MESSAGE = aggregates.message(
    [b"a"], [aggregates.record(0, b"1", 0), aggregates.record(0, b"2")], [b"7"]
)


@pytest.mark.parametrize(("decode", "kind"), [(False, DeaggregatedRecord), (True, DecodedRecord)])
@pytest.mark.parametrize("data", [aggregates.payload(MESSAGE), b"plain"])
@pytest.mark.parametrize(
    "make",
    [
        aggregates.kinesis_record,
        aggregates.boto3_record,
        aggregates.firehose_record,
        aggregates.analytics_record,
        aggregates.pipes_record,
    ],
)
def test_types_know_every_key_of_every_source(make, data, decode, kind):
    for record in deaggregate_records([make(data)], decode=decode):
        assert_fits(record, kind)


def test_types_know_plain_data_of_boto3_callers():
    payloads = [b"plain", aggregates.payload(MESSAGE)]
    plain, *user_records = deaggregate_records(
        [aggregates.boto3_record(payload) for payload in payloads], data_format="Boto3"
    )
    assert_fits(plain, DecodedRecord)
    assert len(user_records) == 2
    for record in user_records:
        assert_fits(record, DeaggregatedRecord)
