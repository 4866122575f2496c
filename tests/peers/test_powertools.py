"""AWS Lambda Powertools: its records go in, and what comes out goes into its event."""

import json

import pytest
from aggregates import (
    MAGIC,
    firehose_record,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

DATA = [json.dumps({"number": number}).encode() for number in range(3)]
PAYLOAD = payload(
    message([b"a", b"key"], [record(number % 2, data) for number, data in enumerate(DATA)])
)


@pytest.fixture
def data_classes():
    from aws_lambda_powertools.utilities import data_classes

    return data_classes


def lambda_event():
    contents = [PAYLOAD, b'"plain"', MAGIC + bytes(17)]
    return {"Records": [kinesis_record(each, str(n)) for n, each in enumerate(contents)]}


def test_user_records_in_its_event(data_classes):
    outputs = deaggregate_records(lambda_event()["Records"][:2])
    records = list(data_classes.KinesisStreamEvent({"Records": outputs}).records)
    assert [each.kinesis.data_as_bytes() for each in records] == [*DATA, b'"plain"']
    assert [each.kinesis.data_as_json() for each in records[:3]] == [
        {"number": number} for number in range(3)
    ]
    assert [each.kinesis.partition_key for each in records] == ["a", "key", "a", "a"]
    assert [each.kinesis.sequence_number for each in records] == ["0", "0", "0", "1"]
    for each in records:
        assert each.kinesis.kinesis_schema_version == "1.0"
        assert each.kinesis.approximate_arrival_timestamp == 1518133507.063
        assert each.aws_region == "us-east-1"
        assert each.event_name == "aws:kinesis:record"
        assert each.event_source == "aws:kinesis"
    assert records[0].kinesis["subSequenceNumber"] == 0


@pytest.mark.parametrize("deaggregate", [deaggregate_records, iter_deaggregate_records])
def test_its_records_go_in(data_classes, deaggregate):
    records = list(data_classes.KinesisStreamEvent(lambda_event()).records)
    with logged() as expected_log:
        expected = deaggregate_records(lambda_event())
    with logged() as log:
        outputs = list(deaggregate(records))
    assert outputs[:3] == expected[:3]
    assert {type(output) for output in outputs[:3]} == {dict}
    assert outputs[3] is records[1]
    assert outputs[4] is records[2]
    assert len(outputs) == 5
    assert log == expected_log != []
    with logged():
        assert (
            list(deaggregate(data_classes.KinesisStreamEvent(lambda_event()).records)) == outputs
        )
        assert list(deaggregate(records[0])) == expected[:3]


def test_its_event_goes_in(data_classes):
    with logged():
        expected = deaggregate_records(lambda_event())
        assert deaggregate_records(data_classes.KinesisStreamEvent(lambda_event())) == expected


def test_its_records_with_options(data_classes):
    records = list(data_classes.KinesisStreamEvent(lambda_event()).records)
    with logged():
        outputs = deaggregate_records(records, decode=True)
        assert outputs == deaggregate_records(lambda_event(), decode=True)
    assert [output["kinesis"]["data"] for output in outputs[:4]] == [*DATA, b'"plain"']
    assert {type(output) for output in outputs} == {dict}


def test_its_firehose_records_go_in(data_classes):
    event = {"records": [firehose_record(PAYLOAD), firehose_record(b"plain")]}
    records = list(data_classes.KinesisFirehoseEvent(event).records)
    expected = deaggregate_records(event)
    assert len(expected) == 4
    assert deaggregate_records(records) == expected
    assert deaggregate_records(data_classes.KinesisFirehoseEvent(event)) == expected
