"""The package compared with aws_kinesis_agg 1.2.3, on records of Lambda.

Where no difference is documented, the outputs are equal, the order of keys included. The tests of
tests/api state our side of each difference. The original, aws_kpl_deagg 1.0.10, is Python 2 only
and cannot run here; aws_kinesis_agg descends from the same code.
"""

from typing import Any

import oracle
import pytest
import strategies
from aggregates import (
    aggregated_kinesis_record,
    base64_text,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged, ordered
from hypothesis import given
from hypothesis import strategies as st
from kinesis_agg import import_deaggregator, with_str_data

from aws_kpl_deagg import deaggregate_records


@pytest.fixture(scope="module")
def theirs():
    """aws_kinesis_agg's deaggregate_records."""
    return import_deaggregator().deaggregate_records


def ours(records: list[dict]) -> tuple[list[dict], list[str]]:
    """Returns the package's results for `records`, and the reasons in its log lines."""
    with logged() as log:
        outputs = deaggregate_records(records)
    return outputs, [reason for _, reason in log]


# The documented differences between equal outputs


def without_carried_metadata(output: dict) -> dict:
    """aws_kinesis_agg drops the keys of 'kinesis' that it does not know."""
    kinesis = {
        name: value for name, value in output["kinesis"].items() if name != "encryptionType"
    }
    return {**output, "kinesis": kinesis}


def without_outer_data(output: dict) -> dict:
    """aws_kinesis_agg drops a key 'data' beside 'kinesis'."""
    return {name: value for name, value in output.items() if name != "data"}


def assert_equal_outputs(theirs: Any, records: list[dict]) -> list[str]:
    """Compares the results for `records` and returns the reasons in our log lines."""
    inputs = {id(each) for each in records}
    our_outputs, reasons = ours(records)
    their_outputs = theirs(records)
    assert len(our_outputs) == len(their_outputs)
    for our_output, their_output in zip(our_outputs, their_outputs, strict=True):
        if id(their_output) in inputs:
            assert our_output is their_output
        else:
            normalised = without_outer_data(without_carried_metadata(our_output))
            assert ordered(normalised) == ordered(with_str_data(their_output))
    return reasons


# Equal outputs

MESSAGE = message(
    [b"key", "\u00e9\0\U0001f600".encode()],
    [record(0, b"data", 1), record(1, b"", 0), record(1, bytes(130), 1)],
    [b"0", str(2**128 - 1).encode()],
)
PAYLOAD = payload(MESSAGE)


@st.composite
def kinesis_records(draw, payloads):
    """Lambda records, with keys in either order and some keys that aws_kinesis_agg drops."""
    made = kinesis_record(draw(payloads))
    if draw(st.booleans()):
        made["kinesis"] = dict(reversed(made["kinesis"].items()))
        made = dict(reversed(made.items()))
    made["kinesis"].update(draw(st.sampled_from([{}, {"encryptionType": "KMS"}])))
    made["kinesis"].update(draw(st.sampled_from([{}, {"recordId": "7"}])))
    made.update(draw(st.sampled_from([{}, {"data": "outer"}])))
    return made


@given(records=st.lists(kinesis_records(strategies.PEERS_MESSAGES.map(payload)), max_size=4))
def test_aggregates(theirs, records):
    assert assert_equal_outputs(theirs, records) == []


@given(
    records=st.lists(
        kinesis_records(
            strategies.mutated(strategies.PEERS_MESSAGES.map(payload))
            | st.binary(max_size=40)
            | st.binary(max_size=40).map(lambda rest: PAYLOAD[:4] + rest)
        ),
        max_size=4,
    )
)
def test_plain_and_damaged_payloads(theirs, records):
    assert_equal_outputs(theirs, records)


def test_every_truncation_of_the_message(theirs):
    # In the KPL's order: with its tables first, no cut makes an index point outside them.
    sizes = range(1, len(MESSAGE))
    records = [aggregated_kinesis_record(MESSAGE[:size]) for size in sizes]
    assert oracle.BAD_MESSAGE in assert_equal_outputs(theirs, records)


@pytest.mark.parametrize("piece", ["\n", "\r\n", " ", "-", "\0"])
def test_odd_characters_in_the_text(theirs, piece):
    text = base64_text(PAYLOAD)
    texts = [text[:at] + piece + text[at:] for at in range(len(text) + 1)]
    assert assert_equal_outputs(theirs, [kinesis_record(each) for each in texts]) == []


@pytest.mark.parametrize("form", [str.encode, lambda text: bytearray(text, "ascii")])
def test_forms_of_data(theirs, form):
    records = [kinesis_record(form(base64_text(PAYLOAD)))]
    assert assert_equal_outputs(theirs, records) == []


def test_a_single_mapping(theirs):
    (expected,) = theirs(aggregated_kinesis_record(message([b"a"], [record(0)])))
    (output,) = deaggregate_records(aggregated_kinesis_record(message([b"a"], [record(0)])))
    assert ordered(output) == ordered(with_str_data(expected))
