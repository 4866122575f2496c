"""The option hash_key_range: aggregates of another shard are dropped, whole."""

import hashlib
import logging

import oracle
import pytest
from aggregates import (
    BUILDERS,
    MAGIC,
    SEQUENCE_NUMBER,
    aggregated_kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records

on_both_functions = pytest.mark.parametrize(
    "deaggregate", [deaggregate_records, iter_deaggregate_records]
)
from_every_source = pytest.mark.parametrize("source", BUILDERS)

PAYLOAD = payload(message([b"a"], [record(0, b"x")]))
WRONG_DIGEST = PAYLOAD[:-1] + bytes([PAYLOAD[-1] ^ 1])
LAST_HASH_KEY = 2**128 - 1


def hash_key_of(partition_key: bytes) -> int:
    """As Kinesis computes it, from a partition key in UTF-8."""
    return int.from_bytes(hashlib.md5(partition_key, usedforsecurity=False).digest(), "big")


@on_both_functions
@pytest.mark.parametrize(
    "hash_key_range",
    [
        7,
        "01",
        [0, 1],
        (),
        (0,),
        (0, 1, 2),
        (1, 0),
        (LAST_HASH_KEY, 0),
        (-1, 1),
        (0, -1),
        (0, LAST_HASH_KEY + 1),
        (LAST_HASH_KEY + 1, LAST_HASH_KEY + 2),
        (0, 10**60),
        (0.0, 1.0),
        ("0", "1"),
        (None, 1),
        (0, None),
    ],
)
def test_no_hash_key_range(deaggregate, hash_key_range):
    with pytest.raises(ValueError, match="hash"):
        deaggregate([], hash_key_range=hash_key_range)


def one_user_record(partition_key: bytes, explicit_hash_key: bytes | None = None):
    """A Kinesis record with one user record."""
    if explicit_hash_key is None:
        return aggregated_kinesis_record(message([partition_key], [record(0)]))
    tables = [partition_key], [record(0, b"", 0)], [explicit_hash_key]
    return aggregated_kinesis_record(message(*tables))


def comes_out(made, hash_key_range) -> bool:
    """Whether an aggregate lies inside the range; if not, exactly one INFO line tells so."""
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
    assert comes_out(made, (hash_key, hash_key))
    assert comes_out(made, (0, LAST_HASH_KEY))
    assert comes_out(made, (0, hash_key))
    assert comes_out(made, (hash_key, LAST_HASH_KEY))
    if hash_key < LAST_HASH_KEY:
        assert not comes_out(made, (hash_key + 1, LAST_HASH_KEY))
    if hash_key > 0:
        assert not comes_out(made, (0, hash_key - 1))


@pytest.mark.parametrize(
    ("partition_key", "utf8"),
    [
        (b"", b""),
        (b"a", b"a"),
        ("\u00e9\0\U0001f600".encode(), "\u00e9\0\U0001f600".encode()),
        # As it comes out, not as it was sent.
        (b"a\xff", "a\ufffd".encode()),
    ],
)
def test_the_hash_key_of_a_partition_key(partition_key, utf8):
    hash_key = hash_key_of(utf8)
    made = one_user_record(partition_key)
    assert comes_out(made, (hash_key, hash_key))
    assert not comes_out(made, (hash_key + 1, LAST_HASH_KEY))
    assert not comes_out(made, (0, hash_key - 1))


def test_the_md5_of_a():
    # md5sum's: big-endian.
    hash_key = 0x0CC175B9C0F1B6A831C399E269772661
    assert comes_out(one_user_record(b"a"), (hash_key, hash_key))


def test_the_explicit_hash_key_goes_first():
    made = one_user_record(b"a", b"7")
    assert comes_out(made, (7, 7))
    assert not comes_out(made, (hash_key_of(b"a"), hash_key_of(b"a")))


@pytest.mark.parametrize("digits", [b"007", b"0" * 60 + b"7", str(7).zfill(39).encode()])
def test_leading_zeros(digits):
    assert comes_out(one_user_record(b"a", digits), (7, 7))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_user_record_outside_drops_the_aggregate(place):
    records = [record(0, b"", 1 if number == place else 0) for number in range(3)]
    made = aggregated_kinesis_record(message([b"a"], records, [b"7", b"8"]))
    assert not comes_out(made, (7, 7))
    assert not comes_out(made, (8, 8))
    assert comes_out(made, (7, 8))


def test_keys_that_are_not_in_use():
    tables = [b"a", b"unused"], [record(0, b"", 0)], [b"7", b"no hash key"]
    assert comes_out(aggregated_kinesis_record(message(*tables)), (7, 7))


NO_HASH_KEYS = [
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


@pytest.mark.parametrize("no_hash_key", NO_HASH_KEYS)
@pytest.mark.parametrize("hash_key_range", [(0, LAST_HASH_KEY), (7, 7), (9, 9)])
def test_what_is_no_hash_key_is_damage(no_hash_key, hash_key_range):
    # All are looked at before the range is applied: 8 lies outside of two ranges.
    records = [record(0, b"", 0), record(0, b"", 1), record(0)]
    made = aggregated_kinesis_record(message([b"a"], records, [b"8", no_hash_key]))
    with logged() as log:
        assert deaggregate_records([made], hash_key_range=hash_key_range)[0] is made
    assert log == [(SEQUENCE_NUMBER, oracle.BAD_HASH_KEY)]
    with pytest.raises(AggregateError) as caught:
        deaggregate_records([made], hash_key_range=hash_key_range, strict=True)
    assert caught.value.args == (SEQUENCE_NUMBER, oracle.BAD_HASH_KEY)
    with logged() as log:
        assert len(deaggregate_records([made])) == 3
    assert log == []


@from_every_source
@pytest.mark.parametrize("content", [b"plain", b"", MAGIC, WRONG_DIGEST, payload(b"\0")])
def test_plain_and_damaged_records_are_never_dropped(source, content):
    made = BUILDERS[source](content)
    with logged() as log:
        outputs = deaggregate_records([made], hash_key_range=(0, 0))
    with logged() as expected_log:
        assert outputs == deaggregate_records([made])
    assert len(outputs) == 1
    assert log == expected_log


def test_an_empty_aggregate_is_not_dropped():
    with logged() as log:
        outputs = deaggregate_records(
            [aggregated_kinesis_record(b"\x0a\x01a")], hash_key_range=(0, 0)
        )
    assert outputs == []
    assert log == []


@from_every_source
def test_the_info_line(source, caplog):
    made = BUILDERS[source](PAYLOAD)
    with caplog.at_level(logging.INFO, "aws_kpl_deagg"):
        assert deaggregate_records([made], hash_key_range=(0, 0)) == []
    (line,) = caplog.records
    assert line.name == "aws_kpl_deagg"
    assert line.levelno == logging.INFO
    assert line.args == (SEQUENCE_NUMBER,)
    assert SEQUENCE_NUMBER in line.getMessage()


def test_shards_share_all_aggregates():
    """Each aggregate of one partition key comes out for exactly one shard."""
    bounds = [0, 2**126, 2**127, 3 * 2**126, 2**128]
    shards = [(bounds[i], bounds[i + 1] - 1) for i in range(4)]
    records = [one_user_record(b"key %d" % number) for number in range(40)]
    outputs = [deaggregate_records(records, hash_key_range=shard) for shard in shards]
    keys = [[output["kinesis"]["partitionKey"] for output in each] for each in outputs]
    assert all(keys)
    assert sorted(sum(keys, [])) == sorted(f"key {number}" for number in range(40))
