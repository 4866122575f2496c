"""How libFuzzer's bytes become records and options.

The input is parts with SEPARATOR between them, so that taking something in or out in one part
leaves the others as they are. The first part is the options: a byte of flags, two for the hash key
range and one each for the form of the call and of a bare payload. Every other part is a record:
one byte each for source, framing, form of the data, damage to the text, its place, a key to leave
out and the form of the mapping; the rest is the content. Bytes that are missing count as 0, which
always means the usual case.
"""

import collections
import types
from collections.abc import Mapping
from typing import Any, NamedTuple

import aggregates
from agreement import BYTES_LIKE, EVENT_FORMS
from strategies import Text

SEPARATOR = b"\xff-\xff"

BOUNDS = [0, 2**128 - 1, 1, 7, 2**127 - 1, 2**127, 3 * 2**126]
# Which functions are called with the records, and how.
FORMS = ["both functions", "log lines", *EVENT_FORMS]
BYTES_FORMS = list(BYTES_LIKE.values())
FRAMINGS = ["message", "payload", "wrong digest", "without digest", "large", "text"]

# From this size on the package releases the GIL.
LARGE = 2**17
TEXT_FORMS = [
    str,
    Text,
    lambda text: bytearray(text.encode("latin-1", "replace")),
    lambda text: memoryview(text.encode("latin-1", "replace")),
]
CUT = "cut"
DAMAGES = ["", CUT, "\n", "\r\n", " ", "=", "==", "===", "-", "_", "\0", "\xe9", "\u20ac", "A"]
MAPPING_FORMS = [dict, collections.OrderedDict, collections.UserDict, types.MappingProxyType]

RECORD_HEADER = 7


class Case(NamedTuple):
    records: list[Any]
    payloads: list[bytes]
    options: dict[str, Any]
    form: str
    bytes_form: Any


def chosen(choices: Any, byte: int) -> Any:
    return list(choices)[byte % len(choices)]


def read_options(flags: int, first: int, last: int) -> dict[str, Any]:
    return {
        "decode": bool(flags & 1),
        "strict": bool(flags & 2),
        "verify": not flags & 4,
        "hash_key_range": (
            tuple(sorted((chosen(BOUNDS, first), chosen(BOUNDS, last)))) if flags & 8 else None
        ),
    }


def payload_of(content: bytes, framing: str) -> bytes:
    if framing == "message":
        return aggregates.payload(content)
    if framing == "large":  # by a field that is unknown
        return aggregates.payload(content + aggregates.bytes_field(15, bytes(LARGE)))
    if framing == "wrong digest":
        return aggregates.payload(content)[:-1] + b"!"
    if framing == "without digest":
        return aggregates.MAGIC + content
    return content


def damaged(text: str, damage: str, place: int) -> str:
    at = place * (len(text) + 1) // 256
    return text[:at] if damage == CUT else text[:at] + damage + text[at:]


def left_out(record: dict[str, Any], key: int) -> dict[str, Any]:
    """The record without one of the keys it has, in its metadata or beside them; 0 leaves all."""
    places = [(record, name) for name in record]
    places += [
        (value, name) for value in record.values() if isinstance(value, dict) for name in value
    ]
    if 0 < key <= len(places):
        mapping, name = places[key - 1]
        del mapping[name]
    return record


def read_record(part: bytes, number: int) -> tuple[Mapping, bytes]:
    """Returns the record and its payload; `number` makes its sequence number."""
    header, content = part[:RECORD_HEADER].ljust(RECORD_HEADER, b"\0"), part[RECORD_HEADER:]
    source, framing, form, damage, place, key, mapping = header
    name = chosen(aggregates.BUILDERS, source)
    payload = payload_of(content, chosen(FRAMINGS, framing))
    if chosen(FRAMINGS, framing) == "text":
        text = content.decode("latin-1")
    else:
        text = aggregates.base64_text(payload)
    data: Any = chosen(TEXT_FORMS, form)(damaged(text, chosen(DAMAGES, damage), place))
    if name == "boto3" and not isinstance(data, str):
        data = chosen(BYTES_FORMS, damage)(payload)
    record = left_out(aggregates.BUILDERS[name](data, str(number)), key)
    return chosen(MAPPING_FORMS, mapping)(record), payload


def read(data: bytes) -> Case:
    first, *parts = data.split(SEPARATOR)
    flags, low, high, form, bytes_form = first[:5].ljust(5, b"\0")
    records = [read_record(part, number) for number, part in enumerate(parts)]
    return Case(
        records=[record for record, _ in records],
        payloads=[payload for _, payload in records],
        options=read_options(flags, low, high),
        form=chosen(FORMS, form),
        bytes_form=chosen(BYTES_FORMS, bytes_form),
    )
