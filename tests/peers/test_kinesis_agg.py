"""The package beside aws_kinesis_agg 1.2.3, on records of Lambda.

First: where no difference is documented, the outputs are equal, the order of keys included. Then
one test for each documented difference, which shows theirs and ours. The original, aws_kpl_deagg
1.0.10, is Python 2 only and cannot run here; aws_kinesis_agg descends from the same code. Where
the original's source shows that it does otherwise, the test says so.
"""

import base64
import binascii
from typing import Any

import oracle
import pytest
import strategies
from aggregates import (
    LENGTH_PREFIXED,
    aggregated_kinesis_record,
    base64_text,
    bytes_field,
    key,
    kinesis_record,
    message,
    payload,
    record,
    varint_field,
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
    """What the package makes of `records`, and the reasons in its log lines."""
    with logged() as log:
        outputs = deaggregate_records(records)
    return outputs, [reason for _, reason in log]


# The documented differences between equal outputs


def without_carried_metadata(output: dict) -> dict:
    """aws_kinesis_agg drops what it does not know of a Kinesis record's 'kinesis'."""
    kinesis = {
        name: value for name, value in output["kinesis"].items() if name != "encryptionType"
    }
    return {**output, "kinesis": kinesis}


def without_outer_data(output: dict) -> dict:
    """aws_kinesis_agg drops a key 'data' beside 'kinesis'."""
    return {name: value for name, value in output.items() if name != "data"}


def assert_equal_outputs(theirs: Any, records: list[dict]) -> list[str]:
    """Compares what comes out for `records` and returns the reasons in our log lines."""
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
    """Lambda records, their keys in either order, that may have what aws_kinesis_agg drops."""
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


# Documented differences


def values(outputs: list[dict], name: str) -> list[Any]:
    return [output["kinesis"][name] for output in outputs]


def assert_untouched(records: list[dict], reason: str) -> None:
    """Each of `records` comes out of the package as it is, for one reason."""
    outputs, reasons = ours(records)
    assert len(outputs) == len(records)
    assert all(output is each for output, each in zip(outputs, records, strict=True))
    assert reasons == [reason] * len(records)


def test_data_of_a_user_record(theirs):
    # As a str in 1.0.10, where bytes and str are one.
    records = [aggregated_kinesis_record(message([b"a"], [record(0, b"x")]))]
    assert values(theirs(records), "data") == [b"eA=="]
    assert values(ours(records)[0], "data") == ["eA=="]


def test_no_explicit_hash_key_but_a_table_of_them(theirs):
    records = [aggregated_kinesis_record(message([b"a"], [record(0)], [b"first", b"second"]))]
    assert values(theirs(records), "explicitHashKey") == ["first"]
    assert values(ours(records)[0], "explicitHashKey") == [None]


def test_a_partition_key_index_outside_its_table(theirs, capsys):
    bad = message([b"a"], [record(0, b"kept"), record(1, b"secret"), record(0, b"lost")])
    records = [aggregated_kinesis_record(bad)]
    assert values(theirs(records), "data") == [base64.b64encode(b"kept")]
    assert base64_text(bad) in capsys.readouterr().err
    assert_untouched(records, oracle.BAD_INDEX)
    assert capsys.readouterr() == ("", "")


def test_an_explicit_hash_key_index_outside_its_table(theirs):
    good = kinesis_record(b"plain")
    bad = aggregated_kinesis_record(message([b"a"], [record(0, b"x", 1)], [b"0"]))
    with pytest.raises(IndexError):
        theirs([good, bad, good])
    assert_untouched([bad], oracle.BAD_INDEX)
    assert ours([good, bad, good])[0] == [good, bad, good]


def test_an_explicit_hash_key_index_but_no_table(theirs):
    records = [aggregated_kinesis_record(message([b"a"], [record(0, b"x", 0)]))]
    assert values(theirs(records), "explicitHashKey") == [None]
    assert_untouched(records, oracle.BAD_INDEX)


def test_a_required_field_missing(theirs):
    records = [
        aggregated_kinesis_record(message([b"a"], [fields]))
        for fields in [bytes_field(3, b"x"), varint_field(1, 0), b""]
    ]
    made_up = theirs(records)
    assert values(made_up, "partitionKey") == ["a", "a", "a"]
    assert values(made_up, "data") == [b"eA==", b"", b""]
    assert_untouched(records, oracle.BAD_MESSAGE)


def test_a_known_field_with_another_wire_type(theirs):
    records = [
        aggregated_kinesis_record(message([b"a"], [fields]))
        for fields in [
            bytes_field(1, b"\0") + bytes_field(3, b"x"),
            varint_field(1, 0) + varint_field(3, 7),
        ]
    ]
    made_up = theirs(records)
    assert values(made_up, "partitionKey") == ["a", "a"]
    assert values(made_up, "data") == [b"eA==", b""]
    assert_untouched(records, oracle.BAD_MESSAGE)


def test_field_numbers_above_the_largest(theirs):
    odd = message([b"a"], [record(0, b"x")]) + varint_field(2**29, 0)
    records = [aggregated_kinesis_record(odd)]
    assert theirs(records)[0] is records[0]
    assert values(ours(records)[0], "data") == ["eA=="]


def test_field_number_0_overlong(theirs):
    odd = message([b"a"], [record(0, b"x")]) + key(0, LENGTH_PREFIXED, 2) + b"\0"
    records = [aggregated_kinesis_record(odd)]
    assert theirs(records)[0] is records[0]
    assert values(ours(records)[0], "data") == ["eA=="]


def test_groups(theirs):
    records = [aggregated_kinesis_record(message([b"a"], [record(0, b"x")]) + b"\x2b\x2c")]
    assert values(theirs(records), "data") == [b"eA=="]
    assert_untouched(records, oracle.BAD_MESSAGE)


def test_a_key_that_is_not_utf8(theirs):
    # UnicodeDecodeError with the pure-Python backend of protobuf, which loses the batch.
    records = [aggregated_kinesis_record(message([b"a\xff"], [record(0, b"x", 0)], [b"\xe2\x82"]))]
    assert values(theirs(records), "partitionKey") == [b"a\xff"]
    assert values(theirs(records), "explicitHashKey") == [b"\xe2\x82"]
    outputs, reasons = ours(records)
    assert values(outputs, "partitionKey") == ["a\ufffd"]
    assert values(outputs, "explicitHashKey") == ["\ufffd"]
    assert reasons == []


@pytest.mark.parametrize(("text", "reasons"), [("eA", []), ("84mawg", [oracle.NOT_BASE64])])
def test_base64_that_does_not_decode(theirs, text, reasons):
    good = kinesis_record(b"plain")
    bad = kinesis_record(text)
    with pytest.raises(binascii.Error):
        theirs([good, bad, good])
    outputs, our_reasons = ours([good, bad, good])
    assert outputs[0] is good
    assert outputs[1] is bad
    assert outputs[2] is good
    assert our_reasons == reasons


def test_an_outer_key_data(theirs):
    # 1.0.10 copies it.
    records = [{**aggregated_kinesis_record(message([b"a"], [record(0)])), "data": "outer"}]
    assert "data" not in theirs(records)[0]
    assert ours(records)[0][0]["data"] == "outer"


def test_metadata_that_theirs_does_not_know(theirs):
    records = [aggregated_kinesis_record(message([b"a"], [record(0)]))]
    records[0]["kinesis"]["encryptionType"] = "KMS"
    assert "encryptionType" not in theirs(records)[0]["kinesis"]
    assert values(ours(records)[0], "encryptionType") == ["KMS"]


@pytest.mark.parametrize("name", ["approximateArrivalTimestamp", "kinesisSchemaVersion"])
def test_metadata_that_is_not_there(theirs, capsys, name):
    # 1.0.10 does not look at approximateArrivalTimestamp.
    records = [aggregated_kinesis_record(message([b"a"], [record(0, b"x")]))]
    del records[0]["kinesis"][name]
    assert theirs(records) == []
    assert f"ERROR: '{name}'" in capsys.readouterr().err
    outputs = ours(records)[0]
    assert values(outputs, "data") == ["eA=="]
    assert name not in outputs[0]["kinesis"]


def test_a_sequence_number_that_is_not_there(theirs):
    records = [aggregated_kinesis_record(message([b"a"], [record(0, b"x")]))]
    del records[0]["kinesis"]["sequenceNumber"]
    with pytest.raises(KeyError):
        theirs(records)
    outputs = ours(records)[0]
    assert values(outputs, "data") == ["eA=="]
    assert "sequenceNumber" not in outputs[0]["kinesis"]
