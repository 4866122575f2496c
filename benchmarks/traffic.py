"""Generates the soak's traffic: plain records, sound and damaged aggregates, from all sources."""

import hashlib
import random
from typing import Any, NamedTuple

# From tests/support, which benchmarks/soak puts on the path.
import aggregates
from aggregates import BUILDERS, MAGIC, bytes_field, message, record, varint_field

BARE = "bare payload"
SOURCES = {
    **BUILDERS,
    "boto3, base64": lambda data, number: BUILDERS["boto3"](aggregates.text_of_data(data), number),
    BARE: lambda data, _number: data,
}
RANGES = [(0, 2**128 - 1), (0, 2**127 - 1), (2**127, 2**128 - 1)]


class Aggregate(NamedTuple):
    """An aggregate with the number, partition key, explicit hash key and data of user records."""

    payload: bytes
    with_bytes: list[tuple]
    with_text: list[tuple]
    hash_keys: set[int]


def hash_key(partition_key: str, explicit_hash_key: str | None) -> int:
    if explicit_hash_key is not None:
        return int(explicit_hash_key)
    return int.from_bytes(hashlib.md5(partition_key.encode()).digest(), "big")


def pack(rng: random.Random, count: int, size: int) -> Aggregate:
    """Returns an aggregate of `count` user records with about `size` bytes of data in total."""
    shared = rng.choice([1, min(count, 50), count]) or 1
    keys = [f"{rng.choice(['', 'é', '鍵'])}{rng.getrandbits(99)}" for _ in range(shared)]
    bits = rng.choice([127, 128])
    hash_keys = [str(rng.getrandbits(bits)) for _ in range(shared)]
    explicit = rng.choice([0, 0.5, 1])
    records, with_bytes = [], []
    for number in range(count):
        index = number % shared
        own = index if rng.random() < explicit else None
        data = rng.randbytes(rng.randrange(2 * size // count + 1))
        records.append(record(index, data, own))
        with_bytes.append((number, keys[index], None if own is None else hash_keys[own], data))
    packed = message([k.encode() for k in keys], records, [k.encode() for k in hash_keys])
    return Aggregate(
        aggregates.payload(packed),
        with_bytes,
        [(*each[:3], aggregates.base64_text(each[3])) for each in with_bytes],
        {hash_key(*each[1:3]) for each in with_bytes},
    )


def make_pool(rng: random.Random) -> list[Aggregate]:
    """Returns an empty aggregate and others, of 1 to 5,000 user records and 100 B to 1 MiB."""
    shapes = [(0, 0), (1, 1 << 20), (5000, 1 << 20)]
    shapes += [(int(5000 ** rng.random()), int(100 * 10486 ** rng.random())) for _ in range(80)]
    return [pack(rng, count, size) for count, size in shapes]


def flip_a_bit(rng: random.Random, payload: bytes) -> bytes:
    flipped = bytearray(payload)
    flipped[rng.randrange(len(MAGIC), len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def append(payload: bytes, field: bytes) -> bytes:
    return aggregates.payload(payload[len(MAGIC) : -16] + field)


NO_FIELDS = [b"\0", aggregates.key(5, aggregates.START_GROUP), bytes_field(3, varint_field(1, 0))]
NO_INDEXES = [record(5000), record(2**64 - 1), record(0, b"", 2**32)]
# So many unknown fields that protobuf-c needs more memory than for any honest message of this
# size.
GREEDY = aggregates.payload(varint_field(4, 0) * 65519 + message([b"key"], [record(0, b"x")]))
BAD_HASH_KEY = aggregates.payload(message([b"key"], [record(0, b"x", 0)], [b"not a number"]))

# Functions that damage a sound payload, by the reason that must be reported.
DAMAGE = {
    "not base64": lambda _rng, payload: aggregates.base64_text(payload)[:-1],
    "too short": lambda rng, payload: payload[: rng.randrange(len(MAGIC), 21)],
    "wrong digest": flip_a_bit,
    "malformed message": lambda rng, payload: append(payload, rng.choice(NO_FIELDS)),
    "index outside its table": lambda rng, payload: append(
        payload, message([], [rng.choice(NO_INDEXES)])
    ),
    "needs too much memory": lambda _rng, _payload: GREEDY,
    "invalid explicit hash key": lambda _rng, _payload: BAD_HASH_KEY,
}


PLAIN, NO_RECORDS, OTHER_SHARD = "not aggregated", "no user records", "another shard's"
OUTCOMES = [PLAIN, *DAMAGE, NO_RECORDS, OTHER_SHARD]


class Sent(NamedTuple):
    """A Kinesis record, or a bare payload, and the result that is expected."""

    source: str
    record: Any
    sequence_number: str
    size: int  # of the payload
    user_records: list[tuple] | None  # None if the record is passed through
    data: bytes | str  # of a record that is passed through
    is_same: bool  # passed through as the same object
    reason: str | None  # of the error or the log line
    log_entry: tuple | None

    @property
    def outcome(self) -> str | None:
        """One of OUTCOMES, or None if its user records are returned."""
        if self.user_records is None:
            return self.reason or PLAIN
        return OTHER_SHARD if self.log_entry else None


def random_options(rng: random.Random, source: str) -> dict[str, Any]:
    """Returns options of deaggregate_records(), of which unpack() accepts only `verify`."""
    ranged = source != BARE and rng.random() < 0.2
    return {
        "decode": source == BARE or rng.random() < 0.5,
        "strict": rng.random() < 0.1,
        "verify": rng.random() < 0.9,
        "hash_key_range": rng.choice(RANGES) if ranged else None,
    }


def damage(
    rng: random.Random, payload: bytes, source: str, options: dict[str, Any]
) -> tuple[str, bytes | str]:
    """Returns a reason and a payload damaged accordingly: a str for "not base64", else bytes."""
    impossible = set()
    if source in ("boto3", BARE):
        impossible.add("not base64")
    if not options["verify"]:
        impossible.add("wrong digest")
    if options["hash_key_range"] is None:
        impossible.add("invalid explicit hash key")
    reason = rng.choice([each for each in DAMAGE if each not in impossible])
    return reason, DAMAGE[reason](rng, payload)


def send(rng: random.Random, pool: list[Aggregate], source: str, options: dict[str, Any]) -> Sent:
    """Returns a new record. Of 20, 14 are sound aggregates, 3 plain and 3 damaged aggregates."""
    aggregate = rng.choice(pool)
    payload, reason, dropped = aggregate.payload, None, False
    user_records = aggregate.with_bytes if options["decode"] else aggregate.with_text
    kind = rng.random()
    if kind < 0.15:
        payload, user_records = rng.randbytes(rng.randrange(2000)), None
        reason = PLAIN if source == BARE else None
    elif kind < 0.3:
        reason, payload = damage(rng, payload, source, options)
    elif not (options["verify"] or user_records):
        reason = NO_RECORDS
    elif options["hash_key_range"] is not None:
        first, last = options["hash_key_range"]
        dropped = not all(first <= each <= last for each in aggregate.hash_keys)
    number = str(rng.getrandbits(180))
    decodes = options["decode"] and isinstance(payload, bytes)
    return Sent(
        source=source,
        record=SOURCES[source](payload, number),
        sequence_number=number,
        size=len(payload),
        user_records=None if reason else [] if dropped else user_records,
        data=payload if decodes else aggregates.text_of_data(payload),
        is_same=source == "Lambda" and not decodes,
        reason=reason,
        log_entry=(number,) if dropped else (number, reason) if reason else None,
    )
