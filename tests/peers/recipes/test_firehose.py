"""examples/firehose_transformation.py under AWS's runtime client."""

import base64
import json

import pytest
from aggregates import MAGIC, base64_text, firehose_record, message, payload, record
from lambda_runtime_api import running

HANDLER = "firehose_transformation.lambda_handler"
DATA = [b"first", b"", b"\x00\xff", b"ends with newline\n"]
AGGREGATE = payload(message([b"secret key"], [record(0, data) for data in DATA]))
LINES = b"first\n\n\x00\xff\nends with newline\n"
DAMAGED = [AGGREGATE[:-1] + b"!", MAGIC + b"secret", payload(message([], [record(0, b"secret")]))]


def direct_put(contents):
    """An event of a Firehose stream without a source, as AWS documents it: nothing of Kinesis."""
    records = [
        {
            "recordId": str(number),
            "approximateArrivalTimestamp": 1518133507063,
            "data": base64_text(content),
        }
        for number, content in enumerate(contents)
    ]
    return {
        "invocationId": "invocation",
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/stream",
        "region": "us-east-1",
        "records": records,
    }


def with_kinesis_source(contents):
    event = direct_put(contents)
    for each in event["records"]:
        each["kinesisRecordMetadata"] = firehose_record(b"")["kinesisRecordMetadata"]
    return {**event, "sourceKinesisStreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}


@pytest.fixture(scope="module")
def function(tmp_path_factory):
    with running(HANDLER, tmp_path_factory.mktemp("firehose")) as its_function:
        yield its_function


@pytest.fixture(params=[direct_put, with_kinesis_source])
def transformed(request, function):
    """Invokes the function; returns each record's result and decoded data, in order."""

    def invoke(contents):
        event = request.param(contents)
        response = function.response(event)
        assert list(response) == ["records"]
        records = response["records"]
        assert [each["recordId"] for each in records] == [
            each["recordId"] for each in event["records"]
        ]
        assert {tuple(sorted(each)) for each in records} == {("data", "recordId", "result")}
        assert len(json.dumps(response)) <= len(json.dumps(event, separators=(",", ":")))
        return [(each["result"], base64.b64decode(each["data"])) for each in records]

    return invoke


def test_user_records_become_lines(transformed):
    assert transformed([AGGREGATE, AGGREGATE]) == [("Ok", LINES)] * 2


def test_plain_records_become_lines(transformed):
    contents = [b"plain", b'{"a": 1}\n', b"", b"12", *DATA]
    assert transformed(contents) == [
        ("Ok", content if content.endswith(b"\n") else content + b"\n") for content in contents
    ]


def test_aggregate_without_user_records_is_dropped(transformed):
    assert transformed([payload(message([b"a"])), b"plain"]) == [
        ("Dropped", b""),
        ("Ok", b"plain\n"),
    ]


def test_damaged_aggregates_fail_untouched(transformed, function):
    assert transformed([AGGREGATE, *DAMAGED, b"plain"]) == [
        ("Ok", LINES),
        *[("ProcessingFailed", damaged) for damaged in DAMAGED],
        ("Ok", b"plain\n"),
    ]
    log = function.log.read_text()
    for number, reason in enumerate(["wrong digest", "too short", "index outside its table"], 1):
        assert f"record {number}: {reason}" in log
    assert "secret" not in log
    assert not any(base64_text(damaged)[:12] in log for damaged in DAMAGED)


def test_smallest_records_do_not_outgrow_the_request(transformed):
    aggregate = payload(message([b""], [record(0)] * 1000))
    assert (
        transformed([aggregate] * 3 + [b""] * 50)
        == [("Ok", b"\n" * 1000)] * 3 + [("Ok", b"\n")] * 50
    )
