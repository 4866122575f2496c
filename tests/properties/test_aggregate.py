"""Entries of generated user records: nothing is lost, torn apart, overtaken or too large."""

import contextlib
from unittest import mock

import pytest
from aggregates import ALL_HASH_KEYS, MAGIC
from hypothesis import given
from hypothesis import strategies as st
from user_records import (
    HASH_KEYS,
    PARTITION_KEYS,
    USER_RECORDS,
    entry_hash_key,
    entry_size,
    even_ranges,
    hash_key,
    is_packed,
    shard_of,
    user_records_in,
)
from writer import write_aggregate

from aws_kpl_deagg import aggregator
from aws_kpl_deagg.aggregator import aggregate

LISTS = st.lists(USER_RECORDS, max_size=40)
SIZES = st.sampled_from([1, 150, 700, 51_200])
# Whole streams, and some with hash keys outside all ranges.
RANGES = st.one_of(
    st.integers(1, 4).map(even_ranges),
    st.sampled_from([[], [(1, 7)], [(8, HASH_KEYS - 2)], [(0, 0), (7, 7)]]),
)


def place(ranges, user_record):
    """What decides where a user record may go: its shard, or else its hash key."""
    position = hash_key(*user_record[:2])
    return shard_of(ranges, position) or position


def by(key, user_records):
    """Lists of the user records of equal key, in their order."""
    lists = {}
    for each in user_records:
        lists.setdefault(key(each), []).append(each)
    return lists


def check_entry(entry, ranges, max_size):
    """Checks an entry alone; returns its user records."""
    user_records = user_records_in(entry)
    (shared,) = {place(ranges, each) for each in user_records}
    (_, explicit_hash_key, data, tags), *others = user_records
    if others or tags or data.startswith(MAGIC):
        assert entry["Data"] == write_aggregate(user_records)
        assert place(ranges, (entry["PartitionKey"], entry.get("ExplicitHashKey"))) == shared
        assert (entry["PartitionKey"] == "a") or not isinstance(shared, tuple)
        assert hash_key(*user_records[0][:2]) == entry_hash_key(entry)
    else:
        assert not is_packed(entry)
    assert set(entry) - {"ExplicitHashKey"} == {"Data", "PartitionKey"}
    assert entry_size(entry) <= max_size or not others
    return user_records


@contextlib.contextmanager
def limited(memory):
    """As if so much memory could be pending, and no partition keys could be remembered."""
    if memory is None:
        yield
        return
    with (
        mock.patch.object(aggregator, "_MOST_MEMORY", memory),
        mock.patch.object(aggregator, "_MOST_ROUTES", 0),
    ):
        yield


MEMORY = st.sampled_from([None, 0, 5_000, 20_000])


@given(LISTS, SIZES, MEMORY)
def test_equal_hash_keys(user_records, max_size, memory):
    with limited(memory):
        entries = list(aggregate(user_records, max_size=max_size))
    found = [each for entry in entries for each in check_entry(entry, [], max_size)]
    # Each partition key in its order, over all entries.
    assert by(lambda each: each[0], found) == by(lambda each: each[0], user_records)


@given(LISTS, SIZES, RANGES, MEMORY)
def test_hash_key_ranges(user_records, max_size, ranges, memory):
    with limited(memory):
        entries = list(aggregate(user_records, max_size=max_size, hash_key_ranges=ranges))
    found = [each for entry in entries for each in check_entry(entry, ranges, max_size)]

    def key(user_record):
        return user_record[0], shard_of(ranges, hash_key(*user_record[:2]))

    assert by(key, found) == by(key, user_records)


def check_size(user_records, partition_key="a", **options):
    """All fit at their exact size, and one byte below that the last one does not."""
    size = len(write_aggregate(user_records)) + len(partition_key.encode())
    (entry,) = aggregate(user_records, max_size=size, **options)
    assert entry_size(entry) == size
    first, second = aggregate(user_records, max_size=size - 1, **options)
    assert user_records_in(first) == user_records[:-1]
    assert user_records_in(second) == user_records[-1:]


@given(st.lists(USER_RECORDS, min_size=2, max_size=40))
def test_sizes_in_a_shard(user_records):
    check_size(user_records, hash_key_ranges=[ALL_HASH_KEYS])


@given(st.lists(USER_RECORDS, min_size=2, max_size=40), st.sampled_from(PARTITION_KEYS))
def test_sizes_of_equal_hash_keys(user_records, partition_key):
    check_size(
        [(partition_key, "7", data, tags) for _, _, data, tags in user_records], partition_key
    )


# Sizes around those at which a length takes one byte more, of the data or of its user record.
LENGTHS = [0, 1, *range(95, 133), *range(15_990, 16_010), *range(16_370, 16_390)]
LENGTHS += [2**21 - 12, 2**21 - 6, 2**21 - 1, 2**21]


@pytest.mark.parametrize("length", LENGTHS)
def test_lengths(length):
    """The keys of the second user record are new to the aggregate, or known."""
    for other_key in ("key", "a"):
        for hash_keys in ((None, None), ("0", "0"), ("0", "7"), (None, "7")):
            user_records = [
                ("a", hash_keys[0], b"data", ()),
                *[(other_key, hash_keys[1], bytes(length), ())] * 2,
            ]
            check_size(user_records, hash_key_ranges=[ALL_HASH_KEYS])


@pytest.mark.parametrize("count", [127, 128, 129, 16_384, 16_385])
def test_many_keys(count):
    """Indexes take more bytes as well."""
    user_records = [(str(number), str(number), b"", ()) for number in range(count)]
    user_records += [user_records[0], user_records[-1]]
    check_size(user_records, hash_key_ranges=[ALL_HASH_KEYS])
