"""Packs user records into Kinesis records, as the Kinesis Producer Library (KPL) does.

    aggregate(user_records)  returns an iterator over entries for boto3's put_records

help() on it describes its arguments, its result and its exceptions. docs/aggregating.md says when
not to use it.
"""

from __future__ import annotations

import operator
from collections import OrderedDict

from aws_kpl_deagg._aggregator_input import (
    Shards,
    hash_key_of,
    parse_data,
    parse_range,
    parse_tags,
    reason,
)
from aws_kpl_deagg._deagg import pack, pack_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeAlias

    from aws_kpl_deagg._aggregator_input import _HashKeyRange, _Place, _Tags, _UserRecord
    from aws_kpl_deagg.record_types import PutRecordsEntry

    # A user record that cannot change.
    _Record: TypeAlias = tuple[str, str | None, bytes, _Tags]

__all__ = ["aggregate"]

_MAGIC = b"\xf3\x89\x9a\xc2"

# The most bytes of data and partition key that Kinesis takes.
_LARGEST_ENTRY = 10 * 1024 * 1024

# The least bytes of an entry without user records, which has a partition key, and of a user record
# besides its data.
_LEAST_ENTRY = len(_MAGIC) + 16 + 1
_LEAST_RECORD = 6

# More than the keys of a user record, packed and as those of an entry, can take.
_MOST_OF_KEYS = 8 * 1024

# The partition key that the KPL gives to aggregates.
_SHARD_PARTITION_KEY = "a"

# The limit on the memory of all that is pending, and the most that a group and a user record with
# its keys take of it besides the data.
_MOST_MEMORY = 32 * 1024 * 1024
_GROUP_OVERHEAD = 1_000
_RECORD_OVERHEAD = 500

# The partition keys that are remembered, where not all are pending.
_MOST_ROUTES = 16 * 1024


def aggregate(
    user_records: Iterable[_UserRecord],
    *,
    max_size: int = 51_200,
    hash_key_ranges: Iterable[_HashKeyRange] | None = None,
) -> Iterator[PutRecordsEntry]:
    """Return an iterator over entries for boto3's put_records, which hold `user_records` packed
    as the Kinesis Producer Library packs them.

    user_records: an iterable of UserRecords, or of tuples (partition_key, explicit_hash_key,
        data) or (partition_key, explicit_hash_key, data, tags): a str of 1 to 256 characters; a
        decimal str below 2**128 or None; a bytes-like object; an iterable of pairs (key, value)
        of str, or None as the value.
    max_size: the most bytes of an aggregate, from 1 to 10,485,760. As Kinesis does, it counts
        the payload and the UTF-8 of the entry's partition key.
    hash_key_ranges: those of all open shards, as boto3's HashKeyRange or as tuples (first,
        last), ints from 0 to 2**128 - 1, both inclusive.

    Each entry is a dict {'Data': bytes, 'PartitionKey': str}, with 'ExplicitHashKey': str if it
    needs one. It holds one or more user records:

        of equal hash key, under the keys of the first, without hash_key_ranges and for a hash
        key outside all ranges
        of one shard, under the partition key 'a' and the hash key of the first

    A user record that is alone, since nothing else fits or has such a hash key, is not packed:
    the entry has its own keys and data. It is packed nevertheless if it has tags or if its data
    begins with the magic of an aggregate. It may be larger than max_size.

    Entries keep the order of the user records of each partition key; with hash_key_ranges, in
    each shard. The iterator reads user_records lazily. Pending user records take up to about 32
    MiB of memory; then the oldest come out.

    Raises TypeError and ValueError, at the call for max_size and hash_key_ranges, and from the
    iterator for a user record that is not as above or for which Kinesis has no room: its entry
    would have more than 10,485,760 bytes. The message has the number of the user record, from
    0. That error, and any of user_records itself, is raised after the entries of all user
    records before it.

    Example:
        entries = list(aggregate([('key', None, b'first'), ('key', None, b'second')]))
        kinesis.put_records(StreamName='stream', Records=entries)
    """
    largest = operator.index(max_size)
    if not 1 <= largest <= _LARGEST_ENTRY:
        raise ValueError(f"max_size must be from 1 to {_LARGEST_ENTRY}, not {largest}")
    shards = Shards([] if hash_key_ranges is None else map(parse_range, hash_key_ranges))
    return _entries(iter(user_records), _Groups(largest, shards))


# The iterator


def _entries(user_records: Iterator[_UserRecord], groups: _Groups) -> Iterator[PutRecordsEntry]:
    """Yields entries as groups fill up, and in the end those of all that is pending."""
    more = True
    while more:
        try:
            more = groups.fill(user_records)
        except Exception:
            yield from groups.take_all()
            raise
        yield from groups.take_ready()
    yield from groups.take_all()


class _Group:
    """Pending user records that cannot be torn apart, since they have one place.

    `size` is the least size of an entry of all of them, as Kinesis counts it. Only pack_prefix()
    knows the exact size, so a group may hold a few user records more than fit. `partition_keys`
    lead here; like the explicit hash keys, they count in `size` once.
    """

    __slots__ = ("explicit_hash_keys", "partition_keys", "place", "records", "size")

    def __init__(self, place: _Place) -> None:
        self.place = place
        # Tuples of three or four items.
        self.records: list[Any] = []
        self.partition_keys: set[str] = set()
        self.explicit_hash_keys: set[str] = set()
        self.size = _LEAST_ENTRY

    def add(self, record: _Record) -> None:
        partition_key, explicit_hash_key, _, _ = record
        self.records.append(record)
        self.size += _least_size(record)
        if partition_key not in self.partition_keys:
            self.partition_keys.add(partition_key)
            self.size += _least_key_size(partition_key)
        if explicit_hash_key is not None and explicit_hash_key not in self.explicit_hash_keys:
            self.explicit_hash_keys.add(explicit_hash_key)
            self.size += _least_key_size(explicit_hash_key)

    def drop(self, count: int) -> None:
        """Removes the first user records."""
        del self.records[:count]
        self.explicit_hash_keys = {each[1] for each in self.records if each[1] is not None}
        keys = [*self.pending_keys(), *self.explicit_hash_keys]
        self.size = _LEAST_ENTRY + sum(map(_least_size, self.records))
        self.size += sum(map(_least_key_size, keys))

    def pending_keys(self) -> set[str]:
        """Returns the partition keys of its user records."""
        return {each[0] for each in self.records}


class _Groups:
    """All groups, and the entries that are ready.

    Entries are made of a group when it is full, when too much is pending and it is the oldest, or
    when a later group must not overtake it.
    """

    __slots__ = ("_groups", "_largest", "_memory", "_ready", "_routes", "_shards", "_taken_count")

    def __init__(self, largest: int, shards: Shards) -> None:
        self._largest = largest
        self._shards = shards
        # By place, the oldest first. Each has a user record.
        self._groups: OrderedDict[_Place, _Group] = OrderedDict()
        # For each partition key, which explicit hash key came with it last, and their group.
        self._routes: dict[str, tuple[str | None, _Group]] = {}
        self._ready: list[PutRecordsEntry] = []
        # What all groups take.
        self._memory = 0
        self._taken_count = 0

    def take_ready(self) -> list[PutRecordsEntry]:
        """Returns the entries that are ready, which it forgets."""
        ready, self._ready = self._ready, []
        return ready

    def take_all(self) -> Iterator[PutRecordsEntry]:
        """Yields entries of all that is pending."""
        yield from self.take_ready()
        while self._groups:
            self._take_oldest()
            yield from self.take_ready()

    def fill(self, user_records: Iterator[_UserRecord]) -> bool:
        """Adds user records until an entry is ready. Returns whether there may be more.

        Raises TypeError or ValueError for a user record that Kinesis does not take, and adds
        nothing of it.
        """
        route_of = self._routes.get
        # _add() has to check the size of larger ones.
        largest = min(self._largest, _LARGEST_ENTRY - _MOST_OF_KEYS)
        no_tags: _Tags = ()
        for user_record in user_records:
            try:
                if len(user_record) == 3:
                    partition_key, explicit_hash_key, data = user_record
                    tags: Iterable[tuple[str, str | None]] = no_tags
                else:
                    partition_key, explicit_hash_key, data, tags = user_record
                route = route_of(partition_key)
                # Most keys have come before. _add() could add these as well, but takes many times
                # as long.
                if route and tags is no_tags and type(data) is bytes:
                    known_hash_key, group = route
                    least_size = len(data) + _LEAST_RECORD
                    size = group.size + least_size
                    memory = self._memory + least_size + _RECORD_OVERHEAD
                    if (
                        size <= largest
                        and memory <= _MOST_MEMORY
                        and known_hash_key == explicit_hash_key
                    ):
                        group.records.append(
                            user_record
                            if type(user_record) is tuple
                            else (partition_key, explicit_hash_key, data)
                        )
                        group.size = size
                        self._memory = memory
                        continue
                self._add((partition_key, explicit_hash_key, parse_data(data), parse_tags(tags)))
            except (TypeError, ValueError) as error:
                number = self._taken_count + sum(
                    len(each.records) for each in self._groups.values()
                )
                kind = TypeError if isinstance(error, TypeError) else ValueError
                raise kind(f"user record {number}: {reason(user_record, error)}") from None
            if self._ready:
                return True
        return False

    def _add(self, record: _Record) -> None:
        """Adds a user record, and makes entries as far as it demands that."""
        partition_key, explicit_hash_key, data, tags = record
        place = self._shards.place(hash_key_of(partition_key, explicit_hash_key))
        if tags or len(data) > _LARGEST_ENTRY - _MOST_OF_KEYS:
            _check_size(record, place)
        route = self._routes.get(partition_key)
        if route is not None and route[1].place != place:
            self._leave(route[1])
        group = self._groups.get(place)
        if group is None:
            group = self._groups[place] = _Group(place)
            self._memory += _GROUP_OVERHEAD
        self._routes[partition_key] = explicit_hash_key, group
        size = group.size
        group.add(record)
        self._memory += group.size - size + _RECORD_OVERHEAD
        while group.records and group.size > self._largest:
            self._take(group)
        while self._memory > _MOST_MEMORY:
            self._take_oldest()

    def _leave(self, group: _Group) -> None:
        """Makes entries of a group whose partition key goes on to another place.

        Kinesis may put both into one shard, where the earlier user records must come first. A
        known shard has no other place.
        """
        if not isinstance(group.place, int):
            while group.records:
                self._take(group)

    def _take_oldest(self) -> None:
        self._take(next(iter(self._groups.values())))

    def _take(self, group: _Group) -> None:
        """Makes an entry of as many of the first user records of a group as fit."""
        entry, count = _entry(group, self._largest)
        self._ready.append(entry)
        self._taken_count += count
        size = group.size
        group.drop(count)
        self._memory -= size - group.size + count * _RECORD_OVERHEAD
        self._groups.move_to_end(group.place)
        if not group.records:
            del self._groups[group.place]
            self._memory -= _GROUP_OVERHEAD
        if not group.records or len(self._routes) > _MOST_ROUTES:
            self._forget_keys(group)

    def _forget_keys(self, group: _Group) -> None:
        """Forgets the partition keys that lead to a group, except those of its user records."""
        pending_keys = group.pending_keys()
        for partition_key in group.partition_keys - pending_keys:
            route = self._routes.get(partition_key)
            if route is not None and route[1] is group:
                del self._routes[partition_key]
        group.partition_keys = pending_keys


# An entry


def _entry(group: _Group, largest: int) -> tuple[PutRecordsEntry, int]:
    """Returns the entry of as many of the first user records as fit, and their number."""
    partition_key, explicit_hash_key, data, tags = (*group.records[0], ())[:4]
    shared_partition_key = _shared_partition_key(partition_key, group.place)
    payload, count = b"", 0
    if len(group.records) > 1:
        payload, count = pack_prefix(group.records, largest - len(shared_partition_key.encode()))
    if count > 1 or _must_be_packed(data, tags):
        if count == 0:
            payload = pack(group.records[:1])
        if isinstance(group.place, int):
            hash_key = hash_key_of(partition_key, explicit_hash_key)
            explicit_hash_key = str(int.from_bytes(hash_key, "big"))
        partition_key, data = shared_partition_key, payload
    entry: PutRecordsEntry = {"Data": data, "PartitionKey": partition_key}
    if explicit_hash_key is not None:
        # Kinesis does not accept leading zeros.
        entry["ExplicitHashKey"] = explicit_hash_key.lstrip("0") or "0"
    return entry, max(count, 1)


def _shared_partition_key(partition_key: str, place: _Place) -> str:
    """Returns the partition key of an aggregate whose first user record has this one."""
    return _SHARD_PARTITION_KEY if isinstance(place, int) else partition_key


def _must_be_packed(data: bytes, tags: _Tags) -> bool:
    """Returns whether a user record must be packed even if it is alone.

    Consumers take data that begins with the magic for an aggregate, sound or damaged, and tags
    have no place outside an aggregate.
    """
    return bool(tags) or data.startswith(_MAGIC)


def _least_key_size(key: str) -> int:
    """Returns the least bytes that a key takes in its table."""
    return len(key) + 2


def _least_size(record: Any) -> int:
    """Returns the least bytes that a user record takes in an aggregate, besides its keys."""
    size = _LEAST_RECORD + len(record[2])
    if len(record) == 4:
        for key, value in record[3]:
            size += len(key) + len(value or "")
    return size


def _check_size(record: _Record, place: _Place) -> None:
    """Raises ValueError if Kinesis does not take `record` even in an entry of its own."""
    partition_key, _, data, tags = record
    if _must_be_packed(data, tags):
        sent_key = _shared_partition_key(partition_key, place)
        size = len(pack([record])) + len(sent_key.encode())
    else:
        size = len(data) + len(partition_key.encode())
    if size > _LARGEST_ENTRY:
        raise ValueError(
            f"Kinesis takes {_LARGEST_ENTRY} bytes of data and partition key, not {size}"
        )
