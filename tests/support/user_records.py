"""User records to aggregate, and what consumers find in the entries made of them.

The oracle reads the payloads and computes the hash keys, so nothing here is the package's own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import oracle
from aggregates import MAGIC
from hypothesis import strategies as st

HASH_KEYS = 2**128


def hash_key(partition_key: str, explicit_hash_key: str | None = None) -> int:
    return oracle.hash_key(oracle.UserRecord(partition_key, explicit_hash_key, b"", []))


def entry_hash_key(entry: Mapping[str, Any]) -> int:
    return hash_key(entry["PartitionKey"], entry.get("ExplicitHashKey"))


def entry_size(entry: Mapping[str, Any]) -> int:
    """The size of a Kinesis record, as Kinesis counts it."""
    return len(entry["Data"]) + len(entry["PartitionKey"].encode())


def is_packed(entry: Mapping[str, Any]) -> bool:
    return entry["Data"].startswith(MAGIC)


def user_records_in(entry: Mapping[str, Any]) -> list[tuple]:
    """The user records that were put into an entry, each with four items."""
    if not is_packed(entry):
        return [(entry["PartitionKey"], entry.get("ExplicitHashKey"), entry["Data"], ())]
    return [(*each[:3], tuple(each.tags)) for each in oracle.read_payload(entry["Data"]) or ()]


def even_ranges(count: int) -> list[tuple[int, int]]:
    """The ranges of a new stream's shards."""
    ends = [HASH_KEYS * number // count for number in range(count + 1)]
    return [(first, end - 1) for first, end in zip(ends, ends[1:], strict=False)]


def shard_of(ranges: Iterable[tuple[int, int]], position: int) -> tuple[int, int] | None:
    """The range that holds a hash key, or None."""
    return next((each for each in ranges if each[0] <= position <= each[1]), None)


# Few different keys, so that many user records meet.
PARTITION_KEYS = ["a", "key", "\u00e9\0\U0001f600", "k" * 200]
EXPLICIT_HASH_KEYS = [None, None, None, "0", "7", str(HASH_KEYS - 1), str(hash_key("key"))]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
DATA = st.one_of(
    st.binary(max_size=20),
    st.integers(0, 600).map(bytes),
    st.sampled_from([MAGIC, MAGIC + bytes(30)]),
)
TAGS = st.just(()) | st.lists(st.tuples(TEXTS, st.none() | TEXTS), max_size=2).map(tuple)
USER_RECORDS = st.tuples(
    st.sampled_from(PARTITION_KEYS), st.sampled_from(EXPLICIT_HASH_KEYS), DATA, TAGS
)
