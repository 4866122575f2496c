"""Traffic for the soak: aggregates, sound and damaged, and plain records, of all sources."""

import hashlib
import random
from typing import Any, NamedTuple

# From the folder tests, which benchmarks/soak puts on the path.
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
    """An aggregate and its user records: each number, partition key, explicit hash key, data."""

    payload: bytes
    with_bytes: list[tuple]
    with_text: list[tuple]
    hash_keys: set[int]


def hash_key(partition_key: str, explicit_hash_key: str | None) -> int:
    if explicit_hash_key is not None:
        return int(explicit_hash_key)
    return int.from_bytes(hashlib.md5(partition_key.encode()).digest(), "big")


def pack(chance: random.Random, count: int, size: int) -> Aggregate:
    """An aggregate of `count` user records with about `size` bytes of data in all."""
    shared = chance.choice([1, min(count, 50), count]) or 1
    keys = [f"{chance.choice(['', 'é', '鍵'])}{chance.getrandbits(99)}" for _ in range(shared)]
    bits = chance.choice([127, 128])
    hash_keys = [str(chance.getrandbits(bits)) for _ in range(shared)]
    explicit = chance.choice([0, 0.5, 1])
    records, with_bytes = [], []
    for number in range(count):
        index = number % shared
        own = index if chance.random() < explicit else None
        data = chance.randbytes(chance.randrange(2 * size // count + 1))
        records.append(record(index, data, own))
        with_bytes.append((number, keys[index], None if own is None else hash_keys[own], data))
    packed = message([k.encode() for k in keys], records, [k.encode() for k in hash_keys])
    return Aggregate(
        aggregates.payload(packed),
        with_bytes,
        [(*each[:3], aggregates.base64_text(each[3])) for each in with_bytes],
        {hash_key(*each[1:3]) for each in with_bytes},
    )


def make_pool(chance: random.Random) -> list[Aggregate]:
    """Aggregates of 1 to 5,000 user records with 100 B to 1 MiB of data, and one of none."""
    shapes = [(0, 0), (1, 1 << 20), (5000, 1 << 20)]
    shapes += [
        (int(5000 ** chance.random()), int(100 * 10486 ** chance.random())) for _ in range(80)
    ]
    return [pack(chance, count, size) for count, size in shapes]


def flip_a_bit(chance: random.Random, payload: bytes) -> bytes:
    flipped = bytearray(payload)
    flipped[chance.randrange(len(MAGIC), len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def append(payload: bytes, field: bytes) -> bytes:
    return aggregates.payload(payload[len(MAGIC) : -16] + field)


NO_FIELDS = [b"\0", aggregates.key(5, aggregates.START_GROUP), bytes_field(3, varint_field(1, 0))]
NO_INDEXES = [record(5000), record(2**64 - 1), record(0, b"", 2**32)]
# So many unknown fields that protobuf-c needs more memory than for any honest message as long.
GREEDY = aggregates.payload(varint_field(4, 0) * 65519 + message([b"key"], [record(0, b"x")]))
BAD_HASH_KEY = aggregates.payload(message([b"key"], [record(0, b"x", 0)], [b"no number"]))

# By reason, what damages a sound payload so.
DAMAGE = {
    "not base64": lambda _chance, payload: aggregates.base64_text(payload)[:-1],
    "too short": lambda chance, payload: payload[: chance.randrange(len(MAGIC), 21)],
    "wrong digest": flip_a_bit,
    "malformed message": lambda chance, payload: append(payload, chance.choice(NO_FIELDS)),
    "index outside its table": lambda chance, payload: append(
        payload, message([], [chance.choice(NO_INDEXES)])
    ),
    "needs too much memory": lambda _chance, _payload: GREEDY,
    "invalid explicit hash key": lambda _chance, _payload: BAD_HASH_KEY,
}


PLAIN, NO_RECORDS, OTHER_SHARD = "not aggregated", "no user records", "another shard's"
OUTCOMES = [PLAIN, *DAMAGE, NO_RECORDS, OTHER_SHARD]


class Sent(NamedTuple):
    """A Kinesis record, or a bare payload, and what has to come of it."""

    source: str
    record: Any
    sequence_number: str
    size: int  # of the payload
    user_records: list[tuple] | None  # None: the record itself, and with this data
    data: bytes | str
    is_same: bool  # and as the same object
    reason: str | None  # of an error or a log line
    log_entry: tuple | None

    @property
    def outcome(self) -> str | None:
        """One of OUTCOMES, or None if its user records come out."""
        if self.user_records is None:
            return self.reason or PLAIN
        return OTHER_SHARD if self.log_entry else None


def random_options(chance: random.Random, source: str) -> dict[str, Any]:
    """Options as deaggregate_records takes them; unpack() has `verify` alone."""
    ranged = source != BARE and chance.random() < 0.2
    return {
        "decode": source == BARE or chance.random() < 0.5,
        "strict": chance.random() < 0.1,
        "verify": chance.random() < 0.9,
        "hash_key_range": chance.choice(RANGES) if ranged else None,
    }


def damage(
    chance: random.Random, payload: bytes, source: str, options: dict[str, Any]
) -> tuple[str, bytes | str]:
    """A reason, and a payload damaged in this way; text where that does not decode."""
    impossible = set()
    if source in ("boto3", BARE):
        impossible.add("not base64")
    if not options["verify"]:
        impossible.add("wrong digest")
    if options["hash_key_range"] is None:
        impossible.add("invalid explicit hash key")
    reason = chance.choice([each for each in DAMAGE if each not in impossible])
    return reason, DAMAGE[reason](chance, payload)


def send(
    chance: random.Random, pool: list[Aggregate], source: str, options: dict[str, Any]
) -> Sent:
    """A fresh record: of 20 are 14 sound aggregates, 3 plain records and 3 damaged aggregates."""
    aggregate = chance.choice(pool)
    payload, reason, dropped = aggregate.payload, None, False
    user_records = aggregate.with_bytes if options["decode"] else aggregate.with_text
    kind = chance.random()
    if kind < 0.15:
        payload, user_records = chance.randbytes(chance.randrange(2000)), None
        reason = PLAIN if source == BARE else None
    elif kind < 0.3:
        reason, payload = damage(chance, payload, source, options)
    elif not (options["verify"] or user_records):
        reason = NO_RECORDS
    elif options["hash_key_range"] is not None:
        first, last = options["hash_key_range"]
        dropped = not all(first <= each <= last for each in aggregate.hash_keys)
    number = str(chance.getrandbits(180))
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
