"""The option hash_key_range: aggregates of another shard are dropped, whole."""

import hashlib
import types

import oracle
import pytest
from aggregates import SEQUENCE_NUMBER, aggregated_kinesis_record, message, payload, record
from comparison import logged

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records

on_both_functions = pytest.mark.parametrize(
    "deaggregate", [deaggregate_records, iter_deaggregate_records]
)

PAYLOAD = payload(message([b"a"], [record(0, b"x")]))
LAST_HASH_KEY = 2**128 - 1


def hash_key_of(partition_key: bytes) -> int:
    """As Kinesis computes it, from a partition key in UTF-8."""
    return int.from_bytes(hashlib.md5(partition_key, usedforsecurity=False).digest(), "big")


def boto3_range(first, last):
    """As boto3 describes a shard's."""
    return {"StartingHashKey": first, "EndingHashKey": last}


@on_both_functions
@pytest.mark.parametrize(
    ("error", "hash_key_range"),
    [
        (TypeError, 7),
        (TypeError, "01"),
        (TypeError, [0, 1]),
        (TypeError, (0.0, 1.0)),
        (TypeError, ("0", "1")),
        (TypeError, (None, 1)),
        (TypeError, (0, None)),
        (TypeError, boto3_range(0, 1)),
        (TypeError, boto3_range("0", None)),
        (TypeError, boto3_range(b"0", "1")),
        (ValueError, ()),
        (ValueError, (0,)),
        (ValueError, (0, 1, 2)),
        (ValueError, (1, 0)),
        (ValueError, (LAST_HASH_KEY, 0)),
        (ValueError, (-1, 1)),
        (ValueError, (0, -1)),
        (ValueError, (0, LAST_HASH_KEY + 1)),
        (ValueError, (LAST_HASH_KEY + 1, LAST_HASH_KEY + 2)),
        (ValueError, (0, 10**60)),
        (ValueError, {}),
        (ValueError, {"StartingHashKey": "0"}),
        (ValueError, {"EndingHashKey": "0"}),
        (ValueError, boto3_range("1", "0")),
        (ValueError, boto3_range("0", str(LAST_HASH_KEY + 1))),
        (ValueError, boto3_range("", "1")),
        (ValueError, boto3_range("-1", "1")),
        (ValueError, boto3_range("0", " 1")),
        (ValueError, boto3_range("0", "\u0661")),
        (ValueError, boto3_range("0", "\ud800")),
    ],
)
def test_invalid_hash_key_range(deaggregate, error, hash_key_range):
    with pytest.raises(error, match="(?i)hash_?key_?range") as caught:
        deaggregate([], hash_key_range=hash_key_range)
    assert caught.type is error


@on_both_functions
@pytest.mark.parametrize(("first", "last"), [(0, 0), (7, 2**127), (LAST_HASH_KEY, LAST_HASH_KEY)])
def test_boto3s_range_is_the_tuple(deaggregate, first, last):
    records = [
        one_user_record(b"a", b"%d" % hash_key)
        for hash_key in (0, 6, 7, 8, 2**127, 2**127 + 1, LAST_HASH_KEY)
    ]
    kept = list(deaggregate(records, hash_key_range=(first, last)))
    assert kept
    shard_range = types.MappingProxyType(boto3_range(str(first), f"00{last}"))
    text = type("Text", (str,), {})
    for each in (shard_range, dict(shard_range), boto3_range(text(first), text(last))):
        assert list(deaggregate(records, hash_key_range=each)) == kept


def one_user_record(partition_key: bytes, explicit_hash_key: bytes | None = None):
    """A Kinesis record with one user record."""
    if explicit_hash_key is None:
        return aggregated_kinesis_record(message([partition_key], [record(0)]))
    tables = [partition_key], [record(0, b"", 0)], [explicit_hash_key]
    return aggregated_kinesis_record(message(*tables))


def is_kept(made, hash_key_range) -> bool:
    """Whether an aggregate lies inside the range; if not, exactly one INFO line reports it."""
    with logged() as log:
        outputs = deaggregate_records([made], hash_key_range=hash_key_range)
    assert log == ([] if outputs else [(SEQUENCE_NUMBER,)])
    if outputs:
        assert outputs == deaggregate_records([made])
    return bool(outputs)


BOUNDS = [0, 1, 255, 256, 2**32, 2**64 - 1, 2**127, LAST_HASH_KEY - 1, LAST_HASH_KEY]


@pytest.mark.parametrize("hash_key", BOUNDS)
def test_both_ends_are_inclusive(hash_key):
    made = one_user_record(b"a", str(hash_key).encode())
    assert is_kept(made, (hash_key, hash_key))
    assert is_kept(made, (0, LAST_HASH_KEY))
    assert is_kept(made, (0, hash_key))
    assert is_kept(made, (hash_key, LAST_HASH_KEY))
    if hash_key < LAST_HASH_KEY:
        assert not is_kept(made, (hash_key + 1, LAST_HASH_KEY))
    if hash_key > 0:
        assert not is_kept(made, (0, hash_key - 1))


@pytest.mark.parametrize(
    ("partition_key", "utf8"),
    [
        (b"", b""),
        (b"a", b"a"),
        ("\u00e9\0\U0001f600".encode(), "\u00e9\0\U0001f600".encode()),
        # Computed from the decoded key, not from the bytes that were sent.
        (b"a\xff", "a\ufffd".encode()),
    ],
)
def test_the_hash_key_of_a_partition_key(partition_key, utf8):
    hash_key = hash_key_of(utf8)
    made = one_user_record(partition_key)
    assert is_kept(made, (hash_key, hash_key))
    assert not is_kept(made, (hash_key + 1, LAST_HASH_KEY))
    assert not is_kept(made, (0, hash_key - 1))


def test_the_md5_of_a():
    # md5sum's: big-endian.
    hash_key = 0x0CC175B9C0F1B6A831C399E269772661
    assert is_kept(one_user_record(b"a"), (hash_key, hash_key))


def test_the_explicit_hash_key_has_precedence():
    made = one_user_record(b"a", b"7")
    assert is_kept(made, (7, 7))
    assert not is_kept(made, (hash_key_of(b"a"), hash_key_of(b"a")))


@pytest.mark.parametrize("digits", [b"007", b"0" * 60 + b"7", str(7).zfill(39).encode()])
def test_leading_zeros(digits):
    assert is_kept(one_user_record(b"a", digits), (7, 7))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_user_record_outside_drops_the_aggregate(place):
    records = [record(0, b"", 1 if number == place else 0) for number in range(3)]
    made = aggregated_kinesis_record(message([b"a"], records, [b"7", b"8"]))
    assert not is_kept(made, (7, 7))
    assert not is_kept(made, (8, 8))
    assert is_kept(made, (7, 8))


def test_keys_that_are_not_in_use():
    tables = [b"a", b"unused"], [record(0, b"", 0)], [b"7", b"no hash key"]
    assert is_kept(aggregated_kinesis_record(message(*tables)), (7, 7))


INVALID_HASH_KEYS = [
    b"",
    b"-1",
    b"+1",
    b" 1",
    b"1 ",
    b"1_0",
    b"0x1",
    b"1.0",
    b"1\0",
    "\u0663".encode(),
    b"\xff",
    str(2**128).encode(),
    b"9" * 39,
    b"1" + b"0" * 60,
]


@pytest.mark.parametrize("invalid_hash_key", INVALID_HASH_KEYS)
@pytest.mark.parametrize("hash_key_range", [(0, LAST_HASH_KEY), (7, 7), (9, 9)])
def test_an_invalid_hash_key_is_damage(invalid_hash_key, hash_key_range):
    # All are checked before the range is applied: 8 lies outside two of the ranges.
    records = [record(0, b"", 0), record(0, b"", 1), record(0)]
    made = aggregated_kinesis_record(message([b"a"], records, [b"8", invalid_hash_key]))
    with logged() as log:
        assert deaggregate_records([made], hash_key_range=hash_key_range)[0] is made
    assert log == [(SEQUENCE_NUMBER, oracle.BAD_HASH_KEY)]
    with pytest.raises(AggregateError) as caught:
        deaggregate_records([made], hash_key_range=hash_key_range, strict=True)
    assert caught.value.args == (SEQUENCE_NUMBER, oracle.BAD_HASH_KEY)
    with logged() as log:
        assert len(deaggregate_records([made])) == 3
    assert log == []


def test_an_empty_aggregate_is_not_dropped():
    with logged() as log:
        outputs = deaggregate_records(
            [aggregated_kinesis_record(b"\x0a\x01a")], hash_key_range=(0, 0)
        )
    assert outputs == []
    assert log == []
