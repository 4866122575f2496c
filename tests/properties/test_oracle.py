"""The oracle itself, and the builders, compared with bytes and rules written by hand."""

import aggregates
import oracle
import pytest
from aggregates import MAGIC

# One partition key, "a", and one user record, b"x"; the digest is md5sum's.
MESSAGE = b"\x0a\x01a\x1a\x05\x08\x00\x1a\x01x"
DIGEST = bytes.fromhex("274fa4a221609241966b02c7afbf4283")
PAYLOAD = MAGIC + MESSAGE + DIGEST

USER_RECORD = oracle.UserRecord("a", None, b"x", [])


def test_the_builders_build_these_bytes():
    assert aggregates.message([b"a"], [aggregates.record(0, b"x")]) == MESSAGE
    assert aggregates.payload(MESSAGE) == PAYLOAD
    assert aggregates.varint(150) == b"\x96\x01"
    assert aggregates.varint(0, 3) == b"\x80\x80\x00"
    assert aggregates.varint(150, 4) == b"\x96\x81\x80\x00"
    assert aggregates.record(1, b"", 2, [aggregates.tag(b"k", b"v")]) == (
        b"\x08\x01\x10\x02\x1a\x00\x22\x06\x0a\x01k\x12\x01v"
    )
    assert aggregates.message([], [], [b"7"]) == b"\x12\x017"


@pytest.mark.parametrize(
    ("encoded", "number"),
    [
        (b"\x00", 0),
        (b"\x7f", 127),
        # https://protobuf.dev/programming-guides/encoding/#varints
        (b"\x96\x01", 150),
        (b"\x96\x81\x80\x00", 150),
        (b"\xff" * 9 + b"\x01", 2**64 - 1),
    ],
)
def test_varints(encoded, number):
    assert oracle.read_varint(b"?" + encoded + b"?", 1, 10) == (number, 1 + len(encoded))


def test_a_payload():
    assert oracle.read_payload(PAYLOAD) == [USER_RECORD]


def test_tags_and_explicit_hash_keys():
    record = aggregates.record(0, b"x", 1, [aggregates.tag(b"k", b"v"), aggregates.tag(b"")])
    message = aggregates.message([b"a"], [record], [b"6", b"7"])
    assert oracle.read_payload(aggregates.payload(message)) == [
        oracle.UserRecord("a", "7", b"x", [("k", "v"), ("", None)])
    ]
