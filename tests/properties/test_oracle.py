"""The oracle itself, and the builders, held against bytes and rules written down by hand."""

import collections

import aggregates
import oracle
import pytest
from aggregates import MAGIC, kinesis_record

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


@pytest.mark.parametrize("encoded", [b"", b"\x80", b"\x80" * 10 + b"\x00"])
def test_no_varints(encoded):
    with pytest.raises(oracle.DamagedError):
        oracle.read_varint(encoded, 0, 10)


def test_a_payload():
    assert oracle.read_payload(PAYLOAD) == [USER_RECORD]


def test_tags_and_explicit_hash_keys():
    record = aggregates.record(0, b"x", 1, [aggregates.tag(b"k", b"v"), aggregates.tag(b"")])
    message = aggregates.message([b"a"], [record], [b"6", b"7"])
    assert oracle.read_payload(aggregates.payload(message)) == [
        oracle.UserRecord("a", "7", b"x", [("k", "v"), ("", None)])
    ]


@pytest.mark.parametrize("payload", [b"", b"x", MAGIC[:3], b"x" + PAYLOAD, MAGIC[:3] + b"\xc3"])
def test_plain_payloads(payload):
    assert oracle.read_payload(payload) is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (MAGIC, oracle.TOO_SHORT),
        # 16 bytes after the magic, and they are the digest of the empty message.
        (MAGIC + bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e"), oracle.TOO_SHORT),
        (MAGIC + bytes(17), oracle.WRONG_DIGEST),
        (PAYLOAD[:-1] + b"\0", oracle.WRONG_DIGEST),
        (aggregates.payload(MESSAGE[:-1]), oracle.BAD_MESSAGE),
        (aggregates.payload(MESSAGE[3:]), oracle.BAD_INDEX),
    ],
)
def test_damaged_payloads(payload, reason):
    with pytest.raises(oracle.DamagedError) as caught:
        oracle.read_payload(payload)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (b"", ""),
        (b"a\0b", "a\0b"),
        (b"\xf0\x9f\x98\x80", "\U0001f600"),
        # One U+FFFD for each maximal part of a sequence, as the Unicode standard recommends.
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\xe2\x82", "\ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
    ],
)
def test_keys(key, text):
    assert oracle.text_of(key) == text


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("", b""),
        ("eA==", b"x"),
        ("eHh4\n", b"xxx"),
        ("e-H-h-4", b"xxx"),
        (b"eA==", b"x"),
        (bytearray(b"eA=="), b"x"),
        (memoryview(b"eA=="), b"x"),
        ("eA", None),
        ("not base64", None),
        ("eA==\u20ac", None),
        ("84mawg==", MAGIC),
        ("84maw", None),
        ("84mawf", None),
        (" 84mawg", None),
    ],
)
def test_texts(text, payload):
    assert oracle.read_text(text) == payload


@pytest.mark.parametrize("text", ["84mawg", "84mawv=", b"84mawgo", "84mawgo=\u20ac"])
def test_damaged_texts(text):
    with pytest.raises(oracle.DamagedError) as caught:
        oracle.read_text(text)
    assert str(caught.value) == oracle.NOT_BASE64


def test_what_comes_out():
    aggregate = kinesis_record(PAYLOAD, "1")
    plain = kinesis_record(b"plain", "2")
    damaged = kinesis_record(MAGIC, "3")
    undecodable = kinesis_record("84mawg", "4")
    empty = kinesis_record(aggregates.payload(b"\x0a\x01a"), "5")
    outputs, log = oracle.deaggregate([aggregate, plain, damaged, empty, undecodable])
    assert len(outputs) == 4
    assert outputs[0]["kinesis"]["sequenceNumber"] == "1"
    assert outputs[1] is plain
    assert outputs[2] is damaged
    assert outputs[3] is undecodable
    assert log == [("3", "too short"), ("4", "not base64")]


def test_a_user_record():
    metadata_value = object()
    record = {
        1: metadata_value,
        "kinesis": {
            "aggregated": "replaced",
            "encryptionType": "KMS",
            "data": aggregates.base64_text(PAYLOAD),
            "partitionKey": "replaced",
            "sequenceNumber": "7",
        },
        "data": "copied",
    }
    (output,) = oracle.deaggregate_records(record)
    assert list(output) == ["kinesis", 1, "data"]
    assert list(output["kinesis"].items()) == [
        ("sequenceNumber", "7"),
        ("explicitHashKey", None),
        ("partitionKey", "a"),
        ("subSequenceNumber", 0),
        ("aggregated", True),
        ("data", "eA=="),
        ("encryptionType", "KMS"),
    ]
    assert output[1] is metadata_value


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (None, TypeError),
        ([("kinesis", {})], TypeError),
        ({}, KeyError),
        (collections.defaultdict(dict), KeyError),
        ({"kinesis": None}, TypeError),
        ({"kinesis": {}}, KeyError),
        ({"kinesis": {"data": None}}, TypeError),
        ({"kinesis": {"data": 7}}, TypeError),
    ],
)
def test_no_records(record, error):
    with pytest.raises(error):
        oracle.deaggregate([record])
