"""The package and the oracle agree on any payload of a Lambda record.

test_sources_and_options.py has records of all sources, with options.
"""

from typing import Any

import aggregates
import pytest
import strategies
from agreement import BYTES_LIKE, check_is_aggregated, check_records, check_unpack
from hypothesis import given
from hypothesis import strategies as st


def check_all_data(all_data: list[bytes | str]) -> list[Any]:
    """Compares on Kinesis records of these payloads or texts, numbered from 0; returns the log."""
    return check_records(
        [aggregates.kinesis_record(data, str(i)) for i, data in enumerate(all_data)], {}
    )


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


@given(st.lists(strategies.HONEST_MESSAGES | strategies.ODD_MESSAGES, max_size=4))
def test_messages_that_decode(messages):
    assert check_messages(messages) == []


@given(st.lists(strategies.BAD_MESSAGES, max_size=4))
def test_messages_with_bad_fields(messages):
    check_messages(messages)


@given(st.lists(strategies.mutated(strategies.ODD_MESSAGES), max_size=4))
def test_mutated_messages(messages):
    check_messages(messages)


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=12))
def test_random_messages(messages):
    check_messages(messages)


# Generated payloads and texts


@given(st.lists(strategies.TEXTS, max_size=4))
def test_texts(texts):
    check_all_data(texts)


# Generated Kinesis records


@given(strategies.kinesis_records(st.just(TEXT)))
def test_metadata(record):
    assert check_records([record], {}) == []


# Bare payloads


@given(strategies.PAYLOADS, st.booleans(), st.sampled_from(list(BYTES_LIKE.values())))
def test_unpack(content, verify, form):
    check_unpack(content, verify, form)


@given(strategies.PAYLOADS)
def test_is_aggregated(content):
    check_is_aggregated(content)
