"""unpack_arrow() and the oracle agree row by row on any payloads, from any kind of input."""

import itertools
from typing import Any

import aggregates
import oracle
import strategies
from agreement import BYTES_LIKE
from arrow import ArrayColumn, Chunk, Column, read_rows
from hypothesis import given
from hypothesis import strategies as st

from aws_kpl_deagg import AggregateError, unpack, unpack_arrow

ANY_PAYLOADS = st.lists(strategies.PAYLOADS | st.none(), max_size=6)


def expected_rows(index: int, payload: bytes | None, verify: bool) -> list[tuple[Any, ...]]:
    try:
        user_records = None if payload is None else oracle.read_payload(payload, verify)
    except oracle.DamagedError as damage:
        return [(index, None, None, None, payload, str(damage))]
    if user_records is None:
        return [(index, None, None, None, payload, None)]
    return [(index, i, *each[:3], None) for i, each in enumerate(user_records)]


def rows_of_unpack(index: int, payload: bytes | None, verify: bool) -> list[tuple[Any, ...]]:
    try:
        user_records = unpack(payload, verify=verify) if payload is not None else None
    except AggregateError as error:
        damage = None if error.reason == "not aggregated" else error.reason
        return [(index, None, None, None, payload, damage)]
    if user_records is None:
        return [(index, None, None, None, None, None)]
    return [(index, i, *each[:3], None) for i, each in enumerate(user_records)]


@st.composite
def inputs(draw, payloads):
    """The payloads as a sequence or a column of some kind."""
    layout = draw(st.sampled_from(["z", "Z", "vz"]))
    ends = st.integers(0, 9)
    kind = draw(st.sampled_from(["list", "tuple", "bytes-like", "array", "stream"]))
    if kind in ("list", "tuple"):
        return {"list": list, "tuple": tuple}[kind](payloads)
    if kind == "bytes-like":
        forms = [draw(st.sampled_from(list(BYTES_LIKE.values()))) for _ in payloads]
        return [
            None if each is None else form(each)
            for form, each in zip(forms, payloads, strict=True)
        ]
    if kind == "array":
        return ArrayColumn(Chunk(payloads, layout, draw(ends), draw(ends)), layout)
    at = draw(st.integers(0, len(payloads)))
    parts = [payloads[:at], payloads[at:]]
    return Column([Chunk(part, layout, draw(ends), draw(ends)) for part in parts], layout)


@given(ANY_PAYLOADS, st.booleans(), st.data())
def test_any_payloads(payloads, verify, data):
    given_payloads = data.draw(inputs(payloads))
    rows = read_rows(unpack_arrow(given_payloads, verify=verify))
    expected: list[Any] = []
    as_unpacked: list[Any] = []
    for index, payload in enumerate(payloads):
        expected += expected_rows(index, payload, verify)
        as_unpacked += rows_of_unpack(index, payload, verify)
    assert rows == expected
    assert rows == as_unpacked


def test_every_way_to_cut_a_character_short():
    """Every first byte, with those after it on both sides of each limit; also in the middle."""
    seconds = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    others = [0x7F, 0x80, 0xBF, 0xC0]
    parts = [bytes([lead]) for lead in range(256)]
    parts += [bytes(part) for part in itertools.product(range(256), seconds)]
    parts += [bytes(part) for part in itertools.product(range(256), seconds, others)]
    parts += [bytes(part) for part in itertools.product(range(0xEF, 256), seconds, others, others)]
    keys = [
        before + part + after for part in parts for before, after in [(b"", b""), (b"8" * 8, b"a")]
    ]
    message = aggregates.message(keys, [aggregates.record(i, b"") for i in range(len(keys))])
    rows = read_rows(unpack_arrow([aggregates.payload(message)]))
    assert [row[2] for row in rows] == [key.decode("utf-8", "replace") for key in keys]
