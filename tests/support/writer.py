"""Writes aggregates in plain Python, as the KPL does: the tables without repeats, in the order of
first use, and the fields in the order of their numbers.

The package's writing is compared with it. oracle.py names the sources of the format.
"""

from collections.abc import Iterable
from typing import Any

from aggregates import message, payload, record, tag


def write_aggregate(user_records: Iterable[tuple[Any, ...]]) -> bytes:
    """Returns the payload of (partition key, explicit hash key, data) and perhaps tags."""
    partition_keys: dict[bytes, int] = {}
    hash_keys: dict[bytes, int] = {}
    records = []
    for partition_key, hash_key, data, *tags in user_records:
        index = partition_keys.setdefault(partition_key.encode(), len(partition_keys))
        hash_key_index = None
        if hash_key is not None:
            hash_key_index = hash_keys.setdefault(hash_key.encode(), len(hash_keys))
        encoded_tags = [
            tag(key.encode(), None if value is None else value.encode())
            for pairs in tags
            for key, value in pairs
        ]
        records.append(record(index, bytes(data), hash_key_index, encoded_tags))
    return payload(message(partition_keys, records, hash_keys))
