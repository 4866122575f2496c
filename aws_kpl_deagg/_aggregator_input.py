"""The arguments of aggregator.aggregate(), which are checked here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from aws_kpl_deagg._deagg import hash_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from typing_extensions import Buffer

    _Tags: TypeAlias = tuple[tuple[str, str | None], ...]
    _UserRecord: TypeAlias = (
        tuple[str, str | None, Buffer]
        | tuple[str, str | None, Buffer, Iterable[tuple[str, str | None]]]
    )
    _HashKeyRange: TypeAlias = tuple[int, int] | Mapping[str, Any]
    # The number of a known shard, or a hash key that is in none of them.
    _Place: TypeAlias = int | bytes

# A hash key is its 16 bytes, big-endian: an MD5 digest is one, and bytes compare as numbers do.
_HASH_KEY_SIZE = 16
_HASH_KEYS = 2**128
_LONGEST_PARTITION_KEY = 256


class Shards:
    """Known shards, numbered in the order of their ranges."""

    def __init__(self, ranges: Iterable[tuple[bytes, bytes]]) -> None:
        in_order = sorted(ranges)
        self._firsts = [first for first, _ in in_order]
        self._lasts = [last for _, last in in_order]
        for last, first in zip(self._lasts, self._firsts[1:], strict=False):
            if first <= last:
                raise ValueError(
                    "hash_key_ranges overlap; leave out shards that a reshard has closed"
                )

    def place(self, hash_key: bytes) -> _Place:
        number = bisect_right(self._firsts, hash_key) - 1
        if number >= 0 and hash_key <= self._lasts[number]:
            return number
        return hash_key


def parse_range(hash_key_range: _HashKeyRange) -> tuple[bytes, bytes]:
    """Returns the first and the last hash key. Raises TypeError or ValueError."""
    if isinstance(hash_key_range, Mapping):
        first, last = (
            _parse_decimal(_end(hash_key_range, name))
            for name in ("StartingHashKey", "EndingHashKey")
        )
    elif isinstance(hash_key_range, tuple):
        if len(hash_key_range) != 2:
            raise ValueError(f"a hash key range must have 2 items, not {len(hash_key_range)}")
        first, last = map(_parse_int, hash_key_range)
    else:
        raise TypeError(
            "each of hash_key_ranges must be a tuple (first, last) or a shard's HashKeyRange, "
            f"not {_type_name(hash_key_range)}"
        )
    if first > last:
        raise ValueError("a hash key range ends before it begins")
    return first, last


def _end(hash_key_range: Mapping[str, Any], name: str) -> Any:
    if name not in hash_key_range:
        raise ValueError(f"a HashKeyRange lacks the key {name!r}")
    return hash_key_range[name]


def _parse_int(number: int) -> bytes:
    """Returns the hash key. Raises TypeError or ValueError."""
    if not isinstance(number, int):
        raise TypeError(f"a hash key range must hold ints, not {_type_name(number)}")
    if not 0 <= number < _HASH_KEYS:
        raise ValueError("a hash key range must hold ints from 0 to 2**128 - 1")
    return number.to_bytes(_HASH_KEY_SIZE, "big")


def _parse_decimal(text: Any) -> bytes:
    """Returns the hash key. Raises TypeError or ValueError."""
    if not isinstance(text, str):
        raise TypeError(f"a HashKeyRange must hold decimal str, not {_type_name(text)}")
    if text.isascii() and text.isdigit():
        number = int(text)
        if number < _HASH_KEYS:
            return number.to_bytes(_HASH_KEY_SIZE, "big")
    raise ValueError(f"a HashKeyRange must hold decimals below 2**128, not {text!r:.100}")


def reason(user_record: object, error: Exception) -> str:
    """Returns what is wrong with a user record that raised `error`."""
    if not isinstance(user_record, (tuple, list)):
        return f"must be a UserRecord or a tuple, not {_type_name(user_record)}"
    if len(user_record) not in (3, 4):
        return f"must have 3 or 4 items, not {len(user_record)}"
    return str(error)


def parse_data(data: Buffer) -> bytes:
    """Returns the data as bytes that cannot change. Raises TypeError."""
    if type(data) is bytes:
        return data
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(f"data must be bytes-like, not {_type_name(data)}") from None


def parse_tags(given_tags: Iterable[tuple[str, str | None]]) -> _Tags:
    """Returns the tags as tuples. Raises TypeError or ValueError."""
    if given_tags == ():
        return ()
    tags = tuple((key, value) for key, value in given_tags)
    for key, value in tags:
        _utf8("a tag's key", key)
        if value is not None:
            _utf8("a tag's value", value)
    return tags


def hash_key_of(partition_key: str, explicit_hash_key: str | None) -> bytes:
    """Returns the hash key of a user record with these keys. Raises TypeError or ValueError."""
    key = hash_key(partition_key, explicit_hash_key)
    if not 1 <= len(partition_key) <= _LONGEST_PARTITION_KEY:
        raise ValueError(
            f"partition_key must have 1 to {_LONGEST_PARTITION_KEY} characters, "
            f"not {len(partition_key)}"
        )
    return key


def _utf8(what: str, text: str) -> bytes:
    """Encodes `text`. Raises TypeError if it is not a str, and ValueError for lone surrogates."""
    if not isinstance(text, str):
        raise TypeError(f"{what} must be a str, not {_type_name(text)}")
    return text.encode()


def _type_name(value: object) -> str:
    return f"'{type(value).__name__}'"
