"""Writes the inputs that the corpora were begun with: python make_seeds.py FOLDER

They are the aggregates of tests/data, which the KPL made, and what the tests' builders make.
"""

import json
import sys
from base64 import b64decode
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

from aggregates import (
    BUILDERS,
    FIXED32,
    FIXED64,
    MAGIC,
    base64_text,
    bytes_field,
    key,
    message,
    payload,
    record,
    tag,
    varint,
    varint_field,
)
from fuzz_input import BOUNDS, DAMAGES, FRAMINGS, MAPPING_FORMS, SEPARATOR, TEXT_FORMS
from kpl_vectors import ANALYTICS_EVENT, LAMBDA_EVENT

# Unknown fields enough for the cap on the memory that a message may take.
TOO_LARGE = varint_field(5, 0) * 8200
HASH_KEYS = [b"0", b"007", b"%d" % 2**127, b"%d" % (2**128 - 1), b"%d" % 2**128, b"", b"1_0"]


def real_messages():
    lambda_event = json.loads(LAMBDA_EVENT.read_text())
    analytics_event = json.loads(ANALYTICS_EVENT.read_text())
    texts = [each["kinesis"]["data"] for each in lambda_event["Records"]]
    texts += [each["data"] for each in analytics_event["records"]]
    for payload_bytes in map(b64decode, texts):
        if payload_bytes.startswith(MAGIC):
            yield payload_bytes[len(MAGIC) : -16]


def messages():
    """What a message can have, well-formed and not."""
    tags = [tag(b"k", b"v"), tag(b"")]
    good = message([b"a", b"\xc3\xa9\0"], [record(0, b"x", 1, tags), record(1)], HASH_KEYS[:3])
    overlong = key(1, 0, 5) + varint(0, 10) + bytes_field(3, b"overlong")
    yield b"\n\1a"
    yield message([b"a"], [record(0, b"x")])
    yield good
    yield good + varint_field(5, 2**64 - 1) + key(15, FIXED64) + bytes(8) + key(16, FIXED32, 5)
    yield good + key(2**32 - 1, FIXED32) + bytes(4) + bytes_field(2047, good)
    yield message([b"a"], [record(0, bytes(200)), overlong], [b"1"] * 40)
    yield message([b"\xff", b"\xed\xa0\x80"], [record(i % 2, b"%d" % i) for i in range(20)])
    yield message([b"a"], [record(0, b"x", i) for i in range(len(HASH_KEYS))], HASH_KEYS)
    yield message([b"a"], [record(1)])
    yield message([b"a"], [record(0, b"", 0)])
    yield message([b"a"], [varint_field(1, 0)])
    yield message([b"a"], [record(0, tags=[bytes_field(2, b"v")])])
    yield good[:-1]
    yield bytes([3, 0])


def texts():
    for each in messages():
        yield base64_text(payload(each)).encode()
    for size in (0, 1, 2, 3, 23, 24, 25, 47, 96, 97):
        yield base64_text(bytes(range(size))).encode()
    yield b"84ma\nwg=="
    yield b"QUJD" * 40 + b"="


def md5_inputs():
    """A count, the sizes, and what the messages are cut from."""
    for count, size in [(1, 0), (2, 55), (8, 64), (9, 56), (16, 119), (17, 65), (40, 30)]:
        yield bytes([count]) + size.to_bytes(2, "little") * count + bytes(range(251)) * 8


def python_inputs():
    """Each kind of part of fuzz_input.py once."""
    good = list(messages())[2]

    def record_part(*header, content=good):
        return bytes(header).ljust(7, b"\0") + content

    for flags in range(16):
        parts = [record_part(source) for source in range(len(BUILDERS))]
        yield SEPARATOR.join([bytes([flags, flags // 2, 1, flags, flags]), *parts])
    keys = [b"%d" % number for number in sorted(BOUNDS)]
    in_order = message([b"a"], [record(0, b"", i) for i in range(len(keys))], keys)
    for low in range(len(BOUNDS)):
        for high in range(low, len(BOUNDS)):
            inside = [record(0, b"", keys.index(b"%d" % BOUNDS[i])) for i in (low, high)]
            parts = [record_part(content=message([b"a"], inside, keys)), record_part()]
            yield SEPARATOR.join([bytes([8, low, high]), *parts, record_part(content=in_order)])
    for source in range(len(BUILDERS)):
        choices = [FRAMINGS, TEXT_FORMS, DAMAGES, range(1), range(8), MAPPING_FORMS]
        for place, choice in enumerate(choices):
            for number in range(1, len(choice)):
                header = [source, 0, 0, 0, 9, 0, 0]
                header[place + 1] = number
                yield SEPARATOR.join([bytes([source & 1]), record_part(*header)])
    for each in [*messages(), *real_messages()]:
        yield SEPARATOR.join([b"\0", record_part(content=each), record_part(1, content=each)])


def hash_key_inputs():
    for each in HASH_KEYS:
        yield each + each
    yield b"9" * 40 + b"1" * 39 + b"x"


SEEDS = {
    "aggregate": lambda: [*messages(), *real_messages(), TOO_LARGE],
    "base64": texts,
    "hash_key": hash_key_inputs,
    "md5": md5_inputs,
    "python": python_inputs,
}

if __name__ == "__main__":
    for target, seeds in SEEDS.items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number:03}").write_bytes(seed)
