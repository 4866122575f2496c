"""The package beside aws_kinesis_agg 1.2.3 on records of Firehose, Analytics and boto3.

Where no difference is documented, the outputs are equal. Each documented difference is one small
function, which takes it away from one of the two outputs.
"""

import json

import pytest
import strategies
from aggregates import (
    MAGIC,
    analytics_record,
    base64_text,
    boto3_record,
    firehose_record,
    message,
    payload,
    record,
)
from comparison import logged, ordered
from hypothesis import given
from hypothesis import strategies as st
from kinesis_agg import import_deaggregator, with_str_data
from kpl_vectors import ANALYTICS_EVENT

from aws_kpl_deagg import deaggregate_records

BUILDERS = {
    "Firehose": firehose_record,
    "Analytics": analytics_record,
    "boto3": boto3_record,
}


@pytest.fixture(scope="module")
def theirs():
    """aws_kinesis_agg's iter_deaggregate_records, which alone takes data_format."""
    return import_deaggregator().iter_deaggregate_records


# The documented differences


def with_base64_data(output: dict) -> dict:
    """aws_kinesis_agg gives a plain boto3 record's data as raw bytes."""
    data = output["kinesis"]["data"]
    assert type(data) is bytes
    return {"kinesis": {**output["kinesis"], "data": base64_text(data)}}


def without_carried_metadata(output: dict, kept: set[str]) -> dict:
    """aws_kinesis_agg drops metadata: all but a few keys, and for user records more of them."""
    kinesis = {
        key: value
        for key, value in output["kinesis"].items()
        if key in kept or key not in {"encryptionType", "subsequenceNumber", "shardId"}
    }
    return {"kinesis": kinesis}


def assert_equal(our_output: dict, their_output: dict, source: str) -> None:
    assert list(our_output) == list(their_output) == ["kinesis"]
    if "aggregated" in their_output["kinesis"]:
        normalised = without_carried_metadata(our_output, set())
        assert ordered(normalised) == ordered(with_str_data(their_output))
    else:
        # In the order of a user record here, in another one there.
        expected = with_base64_data(their_output) if source == "boto3" else their_output
        assert without_carried_metadata(our_output, {"shardId"}) == expected


def assert_equal_outputs(theirs, records: list[dict], source: str) -> list[dict]:
    """Compares what comes out for `records`, all from one source, and returns it."""
    data_format = "Boto3" if source == "boto3" else None
    their_outputs = list(theirs(records, data_format))
    with logged():
        our_outputs = deaggregate_records(records, data_format)
    for our_output, their_output in zip(our_outputs, their_outputs, strict=True):
        assert_equal(our_output, their_output, source)
    return our_outputs


# The outputs

PAYLOAD = payload(message([b"a", b"key"], [record(0, b"x"), record(1, bytes(130))]))

PAYLOADS = (
    strategies.PEERS_MESSAGES.map(payload)
    | strategies.mutated(strategies.PEERS_MESSAGES.map(payload))
    | st.binary(max_size=40)
    | st.binary(max_size=40).map(lambda rest: MAGIC + rest)
)


@pytest.mark.parametrize("source", BUILDERS)
@given(contents=st.lists(PAYLOADS, max_size=4))
def test_outputs(theirs, source, contents):
    assert_equal_outputs(theirs, [BUILDERS[source](each) for each in contents], source)


@pytest.mark.parametrize("source", BUILDERS)
def test_one_of_each(theirs, source):
    made = [BUILDERS[source](each) for each in [PAYLOAD, b"plain", b"", MAGIC, PAYLOAD[:-1]]]
    assert len(assert_equal_outputs(theirs, made, source)) == 6


def test_the_real_analytics_event(theirs):
    records = json.loads(ANALYTICS_EVENT.read_text())["records"]
    assert len(assert_equal_outputs(theirs, records, "Analytics")) == 4


# That the differences are there


@pytest.mark.parametrize("source", BUILDERS)
def test_data_of_a_user_record(theirs, source):
    made = BUILDERS[source](PAYLOAD)
    their_output = next(theirs([made], "Boto3" if source == "boto3" else None))
    assert their_output["kinesis"]["data"] == b"eA=="
    assert deaggregate_records([made])[0]["kinesis"]["data"] == "eA=="


def test_data_of_a_plain_boto3_record(theirs):
    made = boto3_record(b"plain")
    assert next(theirs([made], "Boto3"))["kinesis"]["data"] == b"plain"
    assert deaggregate_records([made])[0]["kinesis"]["data"] == "cGxhaW4="


@pytest.mark.parametrize(
    ("source", "content", "name"),
    [
        ("boto3", PAYLOAD, "encryptionType"),
        ("boto3", b"plain", "encryptionType"),
        ("Firehose", PAYLOAD, "subsequenceNumber"),
        ("Firehose", b"plain", "subsequenceNumber"),
        ("Firehose", PAYLOAD, "shardId"),
        ("Analytics", PAYLOAD, "shardId"),
    ],
)
def test_metadata_that_theirs_drops(theirs, source, content, name):
    made = BUILDERS[source](content)
    their_output = next(theirs([made], "Boto3" if source == "boto3" else None))
    assert name not in their_output["kinesis"]
    assert name in deaggregate_records([made])[0]["kinesis"]


@pytest.mark.parametrize(
    ("source", "name"),
    [("boto3", "PartitionKey"), ("Firehose", "recordId"), ("Analytics", "recordId")],
)
def test_metadata_that_is_not_there(theirs, source, name):
    made = BUILDERS[source](b"plain")
    del made[name]
    with pytest.raises(KeyError):
        next(theirs([made], "Boto3" if source == "boto3" else None))
    (output,) = deaggregate_records([made])
    assert name[0].lower() + name[1:] not in output["kinesis"]
