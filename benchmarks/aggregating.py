"""aggregate() and pack() beside the writers of other packages, on the same user records."""

import random
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import aiokpl
from aws_kinesis_agg.aggregator import RecordAggregator

from aws_kpl_deagg import pack, unpack
from aws_kpl_deagg.aggregator import aggregate

MAX_SIZE = 51_200
# One shard, since the others pack any user records together.
RANGES = [(0, 2**128 - 1)]

UserRecord = tuple[str, str | None, bytes]


class UserRecords(NamedTuple):
    """User records of `size` bytes each; `keys` partition keys take turns."""

    name: str
    count: int
    size: int
    keys: int
    hash_keys: bool = False

    def make(self) -> list[UserRecord]:
        rng = random.Random(self.name)
        keys = [
            (
                str(uuid.UUID(int=rng.getrandbits(128))),
                str(rng.getrandbits(128)) if self.hash_keys else None,
            )
            for _ in range(self.keys)
        ]
        return [
            (*keys[number % self.keys], rng.randbytes(self.size)) for number in range(self.count)
        ]


class Writer(NamedTuple):
    """A way to make payloads of user records; `prepare` returns a call without arguments."""

    name: str
    prepare: Callable[[list[UserRecord]], Callable[[], list[bytes]]]


def payloads(user_records: list[UserRecord]) -> list[bytes]:
    return [
        entry["Data"]
        for entry in aggregate(user_records, max_size=MAX_SIZE, hash_key_ranges=RANGES)
    ]


def with_record_aggregator(user_records: list[UserRecord]) -> list[bytes]:
    aggregator = RecordAggregator(MAX_SIZE)
    made = []
    for partition_key, explicit_hash_key, data in user_records:
        full = aggregator.add_user_record(partition_key, data, explicit_hash_key)
        if full:
            made.append(full.get_contents()[-1])
    made.append(aggregator.clear_and_get().get_contents()[-1])
    return made


def batches(user_records: list[UserRecord]) -> list[list[UserRecord]]:
    """Returns the user records of each of our aggregates."""
    return [[each[:3] for each in unpack(payload)] for payload in payloads(user_records)]


def with_pack(user_records: list[UserRecord]) -> Callable[[], list[bytes]]:
    made = batches(user_records)
    return lambda: [pack(batch) for batch in made]


def with_aiokpl(user_records: list[UserRecord]) -> Callable[[], list[bytes]]:
    made = [
        [aiokpl.UserRecord(key, data, hash_key) for key, hash_key, data in batch]
        for batch in batches(user_records)
    ]
    return lambda: [aiokpl.encode_aggregated(batch) for batch in made]


def contents(made: Iterable[bytes]) -> list[UserRecord]:
    """Returns the user records in payloads, to compare the payloads of two writers."""
    return [each[:3] for payload in made for each in unpack(payload)]


USER_RECORDS = [
    UserRecords("200 B, 20 keys", 22_000, 200, 20),
    UserRecords("100 B, 50 keys, hash keys", 22_000, 100, 50, hash_keys=True),
    UserRecords("1 KiB, 20 keys", 10_000, 1024, 20),
    UserRecords("200 B, a key each", 22_000, 200, 22_000),
]
AGGREGATE = Writer("aggregate()", lambda user_records: partial(payloads, user_records))
PACK = Writer("pack()", with_pack)
RECORD_AGGREGATOR = Writer(
    "aws_kinesis_agg's RecordAggregator (upb)",
    lambda user_records: partial(with_record_aggregator, user_records),
)
AIOKPL = Writer("aiokpl.encode_aggregated()", with_aiokpl)
# Ours and the other.
PAIRS = [(AGGREGATE, RECORD_AGGREGATOR), (AGGREGATE, AIOKPL), (PACK, AIOKPL)]
