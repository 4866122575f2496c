"""aggregate(): its arguments, its entries, its errors, and when it reads and yields."""

import itertools
import tracemalloc
import types

import pytest
from aggregates import ALL_HASH_KEYS, MAGIC
from user_records import HASH_KEYS, entry_size, even_ranges, hash_key, user_records_in
from writer import write_aggregate

from aws_kpl_deagg import UserRecord, aggregator
from aws_kpl_deagg.aggregator import aggregate

LARGEST = 10 * 1024 * 1024

# Entries


def test_user_records_of_one_partition_key():
    user_records = [("key", None, b"first"), ("key", None, b"second")]
    assert list(aggregate(user_records)) == [
        {"Data": write_aggregate(user_records), "PartitionKey": "key"}
    ]


def test_equal_hash_keys_of_different_keys():
    """All three go where the first one goes."""
    user_records = [
        ("other", "007", b"1"),
        ("another", "7", b"2"),
        ("key", str(hash_key("key")), b"3"),
        ("key", None, b"4"),
    ]
    assert list(aggregate(user_records)) == [
        {
            "Data": write_aggregate(user_records[:2]),
            "PartitionKey": "other",
            "ExplicitHashKey": "7",
        },
        {
            "Data": write_aggregate(user_records[2:]),
            "PartitionKey": "key",
            "ExplicitHashKey": str(hash_key("key")),
        },
    ]


def test_user_records_of_one_shard():
    user_records = [("key", None, b"first"), ("other", "7", b"second"), ("other", None, b"third")]
    assert list(aggregate(user_records, hash_key_ranges=[ALL_HASH_KEYS])) == [
        {
            "Data": write_aggregate(user_records),
            "PartitionKey": "a",
            "ExplicitHashKey": str(hash_key("key")),
        }
    ]


@pytest.mark.parametrize("ranges", [None, [ALL_HASH_KEYS]])
def test_a_user_record_alone_is_not_packed(ranges):
    for keys, sent in [
        (("key", None), {"PartitionKey": "key"}),
        (("key", "7"), {"PartitionKey": "key", "ExplicitHashKey": "7"}),
        # Kinesis does not accept leading zeros.
        (("key", "000"), {"PartitionKey": "key", "ExplicitHashKey": "0"}),
    ]:
        entries = list(aggregate([(*keys, b"data")], hash_key_ranges=ranges))
        assert entries == [{"Data": b"data", **sent}]


@pytest.mark.parametrize(
    ("data", "tags"),
    [
        (MAGIC, ()),
        (MAGIC + b"no aggregate", ()),
        (write_aggregate([("key", None, b"data")]), ()),
        (b"data", [("tag", "value")]),
        (b"data", (("tag", None),)),
    ],
)
def test_a_user_record_alone_that_is_packed(data, tags):
    user_record = ("key", "7", data, tags)
    payload = write_aggregate([user_record])
    assert list(aggregate([user_record])) == [
        {"Data": payload, "PartitionKey": "key", "ExplicitHashKey": "7"}
    ]
    assert list(aggregate([user_record], hash_key_ranges=[ALL_HASH_KEYS])) == [
        {"Data": payload, "PartitionKey": "a", "ExplicitHashKey": "7"}
    ]


def test_nothing():
    assert list(aggregate([])) == []
    assert list(aggregate([], hash_key_ranges=[])) == []


def test_user_records_as_unpack_returns_them():
    user_records = [
        UserRecord("key", None, b"1", ()),
        UserRecord("key", None, b"2", (("a", "b"),)),
    ]
    (entry,) = aggregate(user_records)
    assert user_records_in(entry) == user_records


def test_what_is_passed_may_change_afterwards():
    data, tags, user_record = bytearray(b"data"), [("tag", "value")], ["key", None, b"in a list"]

    def changing():
        yield ("key", None, data, tags)
        yield user_record
        yield ("key", None, memoryview(data))
        data[:] = b"----"
        tags.clear()
        user_record[2] = b"----"

    (entry,) = aggregate(changing())
    assert user_records_in(entry) == [
        ("key", None, b"data", (("tag", "value"),)),
        ("key", None, b"in a list", ()),
        ("key", None, b"data", ()),
    ]


# Places


def test_boto3s_ranges():
    ranges = [
        {"StartingHashKey": str(first), "EndingHashKey": str(last)}
        for first, last in even_ranges(3)
    ]
    user_records = [(str(number), None, b"data") for number in range(100)]
    expected = list(aggregate(user_records, hash_key_ranges=even_ranges(3)))
    assert len(expected) == 3
    for given in (ranges, reversed(ranges), iter(map(types.MappingProxyType, ranges))):
        assert list(aggregate(user_records, hash_key_ranges=given)) == expected


def test_both_ends_are_inside():
    ranges = [(10, 19), (20, 29), (30, 30)]
    ends = [[9], [10, 19], [20, 29], [30, 30], [31]]
    user_records = [("key", str(each), b"") for each in itertools.chain(*ends)]
    entries = list(aggregate(user_records, hash_key_ranges=ranges))
    assert [
        [int(each[1]) for each in user_records_in(entry)]
        for entry in sorted(entries, key=lambda entry: int(entry["ExplicitHashKey"]))
    ] == ends


def test_outside_all_ranges_equal_hash_keys_are_packed():
    user_records = [("key", "7", b"1"), ("other", "8", b"2"), ("other", "7", b"3")]
    entries = list(aggregate(user_records, hash_key_ranges=[(100, 200)]))
    assert [user_records_in(entry) for entry in entries] == [
        [("other", "8", b"2", ())],
        [("key", "7", b"1", ()), ("other", "7", b"3", ())],
    ]


def test_order_outside_all_ranges():
    """A partition key is pending in two shards, and then outside, when one of these ends."""
    keys = ["0", "10", "100"]
    user_records = [("key", each, b"%d" % number) for number, each in enumerate(keys)]
    user_records += [("other", "1", bytes(100)), ("key", "101", b"3"), ("key", "100", b"4")]
    entries = aggregate(user_records, max_size=100, hash_key_ranges=[(0, 9), (10, 19)])
    found = [each[2] for entry in entries for each in user_records_in(entry) if len(each[2]) == 1]
    assert [each for each in found if each > b"1"] == [b"2", b"3", b"4"]


def test_order_where_few_keys_are_remembered(monkeypatch):
    """A partition key is pending in a group that has just been full."""
    monkeypatch.setattr(aggregator, "_MOST_ROUTES", 0)
    hash_keys = ["7", "7", "8", "7"]
    user_records = [("key", each, b"%060d" % number) for number, each in enumerate(hash_keys)]
    entries = aggregate([*user_records, *user_records], max_size=100)
    found = [each[:3] for entry in entries for each in user_records_in(entry)]
    assert found == user_records * 2


# Sizes


@pytest.mark.parametrize("key", ["key", "\U0001f600" * 256])
def test_the_largest_user_record(key):
    data = bytes(LARGEST - len(key.encode()))
    for ranges in (None, [ALL_HASH_KEYS]):
        (entry,) = aggregate([(key, None, data)], hash_key_ranges=ranges)
        assert entry == {"Data": data, "PartitionKey": key}
        with pytest.raises(ValueError, match=f"user record 0: .* not {LARGEST + 1}$"):
            list(aggregate([(key, None, data + b"1")], hash_key_ranges=ranges))


@pytest.mark.parametrize(("ranges", "sent_key"), [(None, "key"), ([ALL_HASH_KEYS], "a")])
def test_the_largest_user_record_that_is_packed(ranges, sent_key):
    most = LARGEST - len(sent_key) - len(write_aggregate([("key", None, MAGIC)])) + len(MAGIC)
    # Two lengths of a byte each become lengths of four bytes.
    data = MAGIC.ljust(most - 6, b"-")
    (entry,) = aggregate([("key", None, data)], hash_key_ranges=ranges)
    assert entry["PartitionKey"] == sent_key
    assert entry_size(entry) == LARGEST
    with pytest.raises(ValueError, match=f"not {LARGEST + 1}$"):
        list(aggregate([("key", None, data + b"-")], hash_key_ranges=ranges))


LONGEST_KEY = "\U0001f600" * 256


@pytest.mark.parametrize(
    "too_large",
    [
        # The keys of the Kinesis record and in the table take 2,048 bytes.
        (LONGEST_KEY, None, MAGIC.ljust(LARGEST - 2_048)),
        (LONGEST_KEY, None, b"", [("tag", " " * LARGEST)]),
    ],
    ids=["data with the magic", "tags"],
)
def test_what_is_too_large_when_packed(too_large):
    entries = aggregate([(LONGEST_KEY, None, b"1"), too_large], max_size=LARGEST)
    assert next(entries) == {"Data": b"1", "PartitionKey": LONGEST_KEY}
    with pytest.raises(ValueError, match="^user record 1: Kinesis takes 10485760 bytes"):
        next(entries)


def test_a_user_record_larger_than_max_size_comes_out_alone_and_at_once():
    user_records = [("key", None, b"1"), ("key", None, b"2"), ("key", None, bytes(100))]
    given = itertools.chain(user_records, [("key", None, b"3")])
    entries = aggregate(given, max_size=70)
    assert user_records_in(next(entries)) == [(*each, ()) for each in user_records[:2]]
    assert next(entries) == {"Data": bytes(100), "PartitionKey": "key"}
    assert list(given) == [("key", None, b"3")]


# Errors

WRONG = {
    "a number": (7, TypeError, "must be a UserRecord or a tuple, not 'int'"),
    "text": ("key", TypeError, "must be a UserRecord or a tuple, not 'str'"),
    "two items": (("key", None), ValueError, "must have 3 or 4 items, not 2"),
    "five items": (("key", None, b"", (), 5), ValueError, "must have 3 or 4 items, not 5"),
    "bytes as a key": ((b"key", None, b""), TypeError, "partition_key must be a str"),
    "a list as a key": (([], None, b""), TypeError, "unhashable"),
    "an empty key": (("", None, b""), ValueError, "1 to 256 characters, not 0"),
    "a long key": (("k" * 257, None, b""), ValueError, "1 to 256 characters, not 257"),
    "a key without UTF-8": (("\ud800", None, b""), ValueError, "surrogates not allowed"),
    "an int as a hash key": (
        ("key", 7, b""),
        TypeError,
        "explicit_hash_key must be a str",
    ),
    "a large hash key": (("key", str(HASH_KEYS), b""), ValueError, "below 2"),
    "a negative hash key": (("key", "-1", b""), ValueError, "below 2"),
    "no digits": (("key", "", b""), ValueError, "below 2"),
    "other digits": (("key", "\u0663", b""), ValueError, "below 2"),
    "underscores": (("key", "1_0", b""), ValueError, "below 2"),
    "thousands of digits": (("key", "1" * 5000, b""), ValueError, "below 2"),
    "text as data": (("key", None, "data"), TypeError, "data must be bytes-like, not 'str'"),
    "a number as data": (("key", None, 5), TypeError, "data must be bytes-like, not 'int'"),
    "None as tags": (("key", None, b"", None), TypeError, "not iterable"),
    "a tag alone": (("key", None, b"", [("tag",)]), ValueError, "unpack"),
    "a number as a tag": (("key", None, b"", [(7, None)]), TypeError, "tag's key must be a str"),
    "bytes as a value": (("key", None, b"", [("", b"")]), TypeError, "tag's value must be a str"),
    "a tag without UTF-8": (
        ("key", None, b"", [("\udfff", "")]),
        ValueError,
        "surrogates not allowed",
    ),
    "too large": (("key", None, bytes(LARGEST)), ValueError, f"not {LARGEST + 3}"),
}


@pytest.mark.parametrize("ranges", [None, even_ranges(2)])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_user_record(name, ranges):
    """It is reported by its number, after everything before it."""
    wrong, error, message = WRONG[name]
    before = [(str(number % 7), None, b"%d" % number) for number in range(30)]
    entries = aggregate(iter([*before, wrong, *before]), hash_key_ranges=ranges)
    found = []

    def collect():
        for entry in entries:
            found.extend(user_records_in(entry))

    with pytest.raises(error, match=f"^user record 30: .*{message}"):
        collect()
    assert sorted(found) == sorted((*each, ()) for each in before)
    assert list(entries) == []


def test_an_error_of_the_iterable():
    def failing():
        yield ("key", None, b"data")
        raise OSError("from the iterable")

    entries = aggregate(failing())
    assert next(entries) == {"Data": b"data", "PartitionKey": "key"}
    with pytest.raises(OSError, match="^from the iterable$"):
        next(entries)
    assert list(entries) == []


@pytest.mark.parametrize("max_size", [0, -1, LARGEST + 1])
def test_a_wrong_max_size(max_size):
    with pytest.raises(ValueError, match="max_size must be from 1 to 10485760"):
        aggregate([], max_size=max_size)


WRONG_RANGES = [
    (5, TypeError, "not iterable"),
    ([5], TypeError, "must be a tuple"),
    ((0, 5), TypeError, "must be a tuple"),
    ({"StartingHashKey": "0", "EndingHashKey": "5"}, TypeError, "must be a tuple"),
    ([[0, 5]], TypeError, "must be a tuple"),
    ([(0, 5, 7)], ValueError, "2 items, not 3"),
    ([("0", "5")], TypeError, "must hold ints, not 'str'"),
    ([(-1, 5)], ValueError, "from 0 to"),
    ([(0, HASH_KEYS)], ValueError, "from 0 to"),
    ([(5, 0)], ValueError, "ends before it begins"),
    ([{"StartingHashKey": "0"}], ValueError, "lacks the key 'EndingHashKey'"),
    ([{"StartingHashKey": 0, "EndingHashKey": 5}], TypeError, "decimal str, not 'int'"),
    ([{"StartingHashKey": "0", "EndingHashKey": "-5"}], ValueError, "below 2"),
    ([(0, 5), (5, 7)], ValueError, "overlap"),
    ([(6, 7), (0, 9)], ValueError, "overlap"),
]


@pytest.mark.parametrize(("ranges", "error", "message"), WRONG_RANGES)
def test_wrong_ranges(ranges, error, message):
    with pytest.raises(error, match=message):
        aggregate([], hash_key_ranges=ranges)


def test_other_wrong_arguments():
    with pytest.raises(TypeError):
        aggregate(None)
    with pytest.raises(TypeError):
        aggregate([], max_size="51200")


# When it reads, and what it holds


def test_many_small_user_records_of_one_key_are_not_all_pending():
    entries = list(aggregate([("key", None, b"")] * 150_000, max_size=LARGEST))
    assert len(entries) > 1


def test_the_call_reads_nothing():
    aggregate(pytest.fail(str(each)) for each in [1])


def test_it_reads_no_more_than_it_needs():
    endless = (("key", None, bytes(100)) for _ in itertools.count())
    numbers = itertools.count()
    entries = aggregate(each for each, _ in zip(endless, numbers, strict=False))
    sizes = [len(user_records_in(next(entries))) for _ in range(3)]
    assert next(numbers) == sum(sizes) + 1


def peak_memory(user_records, max_size, ranges):
    tracemalloc.start()
    try:
        for _ in aggregate(user_records, max_size=max_size, hash_key_ranges=ranges):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("ranges", [None, even_ranges(4)], ids=["no ranges", "ranges"])
@pytest.mark.parametrize(
    ("make", "count", "most"),
    [
        (lambda number: (str(number), None, b""), 150_000, 30),
        (lambda number: ("key", str(number << 100), b""), 50_000, 40),
        # An entry and its user records take up to 10 MiB each, besides what is pending.
        (lambda number: (str(number), None, bytes(40_000)), 2_000, 60),
        (lambda number: (str(number % 100), None, b"%d" % number), 150_000, 40),
        (lambda number: ("key", None, bytes(number % 2)), 150_000, 40),
    ],
    ids=["many keys", "many hash keys", "large data", "small data", "one key"],
)
def test_memory_is_bounded(make, count, most, ranges):
    """It takes the most long before the end, so it is bounded for endless input as well."""
    assert peak_memory(map(make, range(count)), LARGEST, ranges) < most * 1024 * 1024


def test_partition_keys_are_forgotten():
    """A full group keeps the user record that did not fit, and so never ends."""
    user_records = ((str(number), None, b"") for number in range(150_000))
    assert peak_memory(user_records, 51_200, even_ranges(4)) < 16 * 1024 * 1024
