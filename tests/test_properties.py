"""Whatever comes in, the package and the oracle make the same of it."""

from typing import Any

import aggregates
import oracle
import pytest
import strategies
from comparison import assert_same_outputs, logged
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_kpl_deagg.deaggregator import deaggregate_records, iter_deaggregate_records

examples = settings(max_examples=100, print_blob=True)


def snapshot(record: Any) -> list[tuple[Any, int]]:
    """What is in a record: its keys and the identities of its values, one level below as well."""
    kinesis = record["kinesis"]
    outer = [(key, id(record[key])) for key in record]
    return outer + [(key, id(kinesis[key])) for key in kinesis]


def check(records: list[Any]) -> list[Any]:
    """Compares the package with the oracle on a list and returns the log entries."""
    before = [snapshot(record) for record in records]
    expected, expected_log = oracle.deaggregate(records)
    with logged() as log:
        outputs = deaggregate_records(records)
    assert_same_outputs(outputs, expected, records)
    assert log == expected_log
    assert [snapshot(record) for record in records] == before
    return log


def check_all_data(all_data: list[bytes | str]) -> list[Any]:
    """Compares on Kinesis records of these payloads or texts, numbered from 0."""
    return check([aggregates.kinesis_record(data, str(i)) for i, data in enumerate(all_data)])


def check_messages(messages: list[bytes]) -> list[Any]:
    return check_all_data([aggregates.payload(message) for message in messages])


# One aggregate, damaged in every place

MESSAGE = aggregates.message(
    [b"key", "\u00e9\0\U0001f600".encode(), b"\xff\xfe"],
    [
        aggregates.record(0, b"data"),
        aggregates.record(1, b"", 1, [aggregates.tag(b"tag", b"value")]),
        aggregates.record(2, bytes(130), 0, [aggregates.tag(b"")]),
    ],
    [b"0", str(2**128 - 1).encode()],
)
PAYLOAD = aggregates.payload(MESSAGE)
TEXT = aggregates.base64_text(PAYLOAD)


def flips(whole: bytes) -> list[bytes]:
    """Every byte string that differs from `whole` in one bit."""
    number = int.from_bytes(whole, "big")
    return [(number ^ 1 << bit).to_bytes(len(whole), "big") for bit in range(8 * len(whole))]


def test_the_undamaged_aggregate():
    assert check_all_data([PAYLOAD]) == []


def test_every_truncation_of_the_message():
    assert check_messages([MESSAGE[:size] for size in range(len(MESSAGE))]) != []


def test_every_truncation_of_the_payload():
    truncations = [PAYLOAD[:size] for size in range(len(PAYLOAD))]
    assert len(check_all_data(truncations)) == len(PAYLOAD) - len(aggregates.MAGIC)


def test_every_truncation_of_the_text():
    assert check_all_data([TEXT[:size] for size in range(len(TEXT))]) != []


def test_every_bit_flip_of_the_message():
    assert check_messages(flips(MESSAGE)) != []


def test_every_bit_flip_of_the_payload():
    damaged = 8 * (len(PAYLOAD) - len(aggregates.MAGIC))
    assert len(check_all_data(flips(PAYLOAD))) == damaged


@pytest.mark.parametrize("piece", ["\n", "=", "==", " ", "-", "\0", "\u20ac", "A"])
def test_every_place_of_an_odd_piece_in_the_text(piece):
    check_all_data([TEXT[:at] + piece + TEXT[at:] for at in range(len(TEXT) + 1)])


# Generated messages


@examples
@given(st.lists(strategies.HONEST_MESSAGES | strategies.ODD_MESSAGES, max_size=4))
def test_messages_that_decode(messages):
    assert check_messages(messages) == []


@examples
@given(st.lists(strategies.BAD_MESSAGES, max_size=4))
def test_messages_with_bad_fields(messages):
    check_messages(messages)


@examples
@given(st.lists(strategies.mutated(strategies.ODD_MESSAGES), max_size=4))
def test_mutated_messages(messages):
    check_messages(messages)


@examples
@given(st.lists(st.binary(min_size=1, max_size=12), max_size=12))
def test_random_messages(messages):
    check_messages(messages)


# Generated payloads and texts


@examples
@given(st.lists(strategies.PAYLOADS, max_size=4))
def test_payloads(payloads):
    check_all_data(payloads)


@examples
@given(st.lists(strategies.TEXTS, max_size=4))
def test_texts(texts):
    check_all_data(texts)


# Generated Kinesis records


@examples
@given(strategies.kinesis_records(st.just(TEXT)))
def test_metadata(record):
    assert check([record]) == []


@examples
@given(st.lists(strategies.kinesis_records(), max_size=5))
def test_kinesis_records(records):
    check(records)


INPUT_FORMS = {
    "list": list,
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda records: (record for record in records),
    "dict values": lambda records: dict(enumerate(records)).values(),
}


@pytest.mark.parametrize("deaggregate", [deaggregate_records, iter_deaggregate_records])
@pytest.mark.parametrize("form", INPUT_FORMS.values(), ids=INPUT_FORMS)
@settings(examples, max_examples=25)
@given(records=st.lists(strategies.kinesis_records(), max_size=5))
def test_input_forms(deaggregate, form, records):
    expected, expected_log = oracle.deaggregate(records)
    with logged() as log:
        outputs = list(deaggregate(form(records)))
    assert_same_outputs(outputs, expected, records)
    assert log == expected_log


@pytest.mark.parametrize("deaggregate", [deaggregate_records, iter_deaggregate_records])
@settings(examples, max_examples=50)
@given(record=strategies.kinesis_records())
def test_a_single_mapping(deaggregate, record):
    expected, expected_log = oracle.deaggregate([record])
    with logged() as log:
        outputs = list(deaggregate(record))
    assert_same_outputs(outputs, expected, [record])
    assert log == expected_log


@examples
@given(st.lists(strategies.kinesis_records(), max_size=5))
def test_each_log_line_comes_with_its_record(records):
    expected_log = []
    with logged() as log:
        iterator = iter_deaggregate_records(records)
        for record in records:
            expected, entries = oracle.deaggregate([record])
            expected_log += entries
            for expected_output in expected:
                assert_same_outputs([next(iterator)], [expected_output], [record])
                assert log == expected_log
        assert next(iterator, None) is None
        assert log == expected_log
