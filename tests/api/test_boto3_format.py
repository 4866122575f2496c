"""data_format='Boto3': plain boto3 records keep the bytes that boto3 gave."""

import base64

import pytest
from aggregates import BUILDERS, boto3_record, message, payload, record

from aws_kpl_deagg import deaggregate_records

PAYLOAD = payload(message([b"a"], [record(0, b"user data")]))
DAMAGED = PAYLOAD[:-1] + bytes([PAYLOAD[-1] ^ 1])


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("content", [b"", b"plain", DAMAGED], ids=["empty", "plain", "damaged"])
def test_plain_data_is_the_same_object(form, content):
    data = form(content)
    (output,) = deaggregate_records([boto3_record(data)], "Boto3")
    assert output["kinesis"]["data"] is data


def test_text_stays_text():
    (output,) = deaggregate_records([boto3_record("cGxhaW4=")], "Boto3")
    assert output["kinesis"]["data"] == "cGxhaW4="


def test_code_that_decodes_only_aggregated_data_is_right():
    outputs = deaggregate_records([boto3_record(PAYLOAD), boto3_record(b"plain")], "Boto3")
    data = [
        base64.b64decode(each["kinesis"]["data"])
        if each["kinesis"].get("aggregated")
        else each["kinesis"]["data"]
        for each in outputs
    ]
    assert data == [b"user data", b"plain"]


@pytest.mark.parametrize("source", BUILDERS)
def test_nothing_else_changes(source):
    records = [BUILDERS[source](PAYLOAD)]
    records += [] if source == "boto3" else [BUILDERS[source](b"plain")]
    for options in ({}, {"decode": True}):
        assert deaggregate_records(records, "Boto3", **options) == deaggregate_records(
            records, **options
        )


def test_decode_gives_bytes_everywhere():
    records = [boto3_record(PAYLOAD), boto3_record(b"plain"), boto3_record("cGxhaW4=")]
    outputs = deaggregate_records(records, "Boto3", decode=True)
    assert [each["kinesis"]["data"] for each in outputs] == [b"user data", b"plain", b"plain"]
