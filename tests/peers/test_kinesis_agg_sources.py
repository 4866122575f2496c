"""The package compared with aws_kinesis_agg 1.2.3 on records of Firehose, Analytics and boto3.

Where no difference is documented, the outputs are equal. Each documented difference is one small
function, which removes it from one of the two outputs.
"""

import json

import pytest
import strategies
from aggregates import (
    MAGIC,
    analytics_record,
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


def without_carried_metadata(output: dict, kept: set[str]) -> dict:
    """aws_kinesis_agg drops metadata except a few keys, and more of it for user records."""
    kinesis = {
        key: value
        for key, value in output["kinesis"].items()
        if key in kept or key not in {"encryptionType", "subsequenceNumber", "shardId"}
    }
    return {"kinesis": kinesis}


def assert_equal(our_output: dict, their_output: dict) -> None:
    assert list(our_output) == list(their_output) == ["kinesis"]
    if "aggregated" in their_output["kinesis"]:
        normalised = without_carried_metadata(our_output, set())
        assert ordered(normalised) == ordered(with_str_data(their_output))
    else:
        # Ours has the order of a user record, theirs another one.
        assert without_carried_metadata(our_output, {"shardId"}) == their_output


def assert_equal_outputs(theirs, records: list[dict], source: str) -> list[dict]:
    """Compares the results for `records`, all from one source, and returns ours."""
    data_format = "Boto3" if source == "boto3" else None
    their_outputs = list(theirs(records, data_format))
    with logged():
        our_outputs = deaggregate_records(records, data_format)
    for our_output, their_output in zip(our_outputs, their_outputs, strict=True):
        assert_equal(our_output, their_output)
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
