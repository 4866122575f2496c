"""unpack_arrow(): rows for every kind of payload, and every kind of input."""

import array
import errno
import logging
import os
import re
from collections import UserList

import pytest
from aggregates import MAGIC, message, payload, record, tag
from arrow import ArrayColumn, Chunk, Column, Field, read_batches, read_rows, read_schema

from aws_kpl_deagg import UserRecordBatches, unpack_arrow

AGGREGATE = payload(
    message(
        [b"one", "ü🔑".encode(), b"\xff\xe2\x82x"],
        [record(0, b"a"), record(1, b""), record(2, b"c" * 300, 0, tags=[tag(b"tag", b"1")])],
        [b"7"],
    )
)
ROWS = [
    (0, "one", None, b"a", None),
    (1, "ü🔑", None, b"", None),
    (2, "��x", "7", b"c" * 300, None),
]
WRONG_DIGEST = AGGREGATE[:-1] + b"?"
MALFORMED = payload(b"\x0b")
EMPTY_AGGREGATE = payload(message([b"key"]))
LAYOUTS = ["z", "Z", "vz"]


def rows_of(*payloads, **options):
    return read_rows(unpack_arrow(payloads, **options))


def test_schema():
    assert read_schema(unpack_arrow([])) == [
        Field("payload_index", "l", False),
        Field("sub_sequence_number", "i", True),
        Field("partition_key", "u", True),
        Field("explicit_hash_key", "u", True),
        Field("data", "z", True),
        Field("damage", "u", True),
    ]


def test_every_kind_of_payload(caplog):
    caplog.set_level(logging.DEBUG)
    rows = rows_of(
        b"plain", AGGREGATE, None, WRONG_DIGEST, b"", EMPTY_AGGREGATE, MAGIC, MALFORMED, AGGREGATE
    )
    assert rows == [
        (0, None, None, None, b"plain", None),
        *[(1, *row) for row in ROWS],
        (2, None, None, None, None, None),
        (3, None, None, None, WRONG_DIGEST, "wrong digest"),
        (4, None, None, None, b"", None),
        (6, None, None, None, MAGIC, "too short"),
        (7, None, None, None, MALFORMED, "malformed message"),
        *[(8, *row) for row in ROWS],
    ]
    assert caplog.records == []


def test_without_the_digest():
    assert rows_of(WRONG_DIGEST, verify=False) == [(0, *row) for row in ROWS]
    assert rows_of(EMPTY_AGGREGATE, verify=False) == [
        (0, None, None, None, EMPTY_AGGREGATE, "no user records")
    ]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 31, 32, 33, 64, 65, 1024, 1025])
def test_any_number_of_payloads(count):
    payloads = [AGGREGATE, b"plain", None, WRONG_DIGEST, b"x"][:5] * count
    assert [row[0] for row in rows_of(*payloads[:count])] == [
        i for i in range(count) for _ in range(3 if payloads[i] == AGGREGATE else 1)
    ]


def test_batches_are_bounded():
    large = payload(message([b"key"], [record(0, b"%d" % i) for i in range(25_000)]))
    sizes = [len(batch) for batch in read_batches(unpack_arrow([b"plain", large, large]))]
    assert sum(sizes) == 50_001
    assert max(sizes) <= 10_000
    assert len(sizes) == 6
    megabytes = [b"%d" % i * (1 << 20) for i in range(10)]
    batches = read_batches(unpack_arrow(megabytes))
    assert len(batches) > 1
    assert all(sum(len(row[4]) for row in batch) <= 5 << 20 for batch in batches)
    assert [row[4] for batch in batches for row in batch] == megabytes


def hostile(count, key_size):
    return payload(message([b"k" * key_size], [record(0)] * count))


def test_keys_cannot_take_all_memory():
    aggregate = hostile(100_000, 1 << 20)
    assert rows_of(b"plain", aggregate) == [
        (0, None, None, None, b"plain", None),
        (1, None, None, None, aggregate, "needs too much memory"),
    ]


@pytest.mark.parametrize("key", [b"k", b"\xff"])
def test_the_most_that_rows_may_take(key):
    """Each row takes 29 bytes beside its cells; an invalid byte becomes three."""
    count, size = 900, 900
    row = 29 + size * (1 if key == b"k" else 3)

    def rows(size_of_data):
        aggregate = payload(
            message([key * size], [record(0)] * (count - 1) + [record(0, b"d" * size_of_data)])
        )
        return len(aggregate) * 80 + (128 << 10) - count * row, rows_of(aggregate)

    room, _ = rows(0)
    # 79 bytes of room go with each byte of data: it is counted once, and adds 80 to the limit.
    assert room < 0
    least = -(room // 79)
    while rows(least)[0] >= least:
        least -= 1
    assert len(rows(least)[1]) == 1
    assert len(rows(least + 1)[1]) == count


class Sequence:
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


@pytest.mark.parametrize("wrap", [list, tuple, UserList, Sequence, type("L", (list,), {})])
def test_sequences(wrap):
    assert read_rows(unpack_arrow(wrap([AGGREGATE, None]))) == rows_of(AGGREGATE, None)


@pytest.mark.parametrize(
    "wrap",
    [bytearray, memoryview, lambda data: array.array("B", data), type("B", (bytes,), {})],
    ids=["bytearray", "memoryview", "array", "subclass"],
)
def test_bytes_like_payloads(wrap):
    payloads = [AGGREGATE, b"plain", WRONG_DIGEST, b""]
    assert rows_of(*map(wrap, payloads)) == rows_of(*payloads)


def test_the_input_may_change_afterwards():
    content = bytearray(b"plain")
    payloads = [content, AGGREGATE]
    batches = unpack_arrow(payloads)
    content[:] = b"later"
    payloads.clear()
    assert read_rows(batches) == rows_of(b"plain", AGGREGATE)


class Chunked(bytearray):
    """Shortens the list that it is in while it is read."""

    def __buffer__(self, flags):
        self.owner.clear()
        return super().__buffer__(flags)


def test_a_list_that_changes_while_it_is_read():
    changing = Chunked(b"plain")
    changing.owner = payloads = [changing, bytearray(AGGREGATE), AGGREGATE]
    assert len(read_rows(unpack_arrow(payloads))) == 7


@pytest.mark.parametrize(
    "payloads",
    [b"x", "x", bytearray(b"x"), memoryview(b"x"), 7, None, {}, {b"x"}, iter([b"x"]), object()],
    ids=lambda payloads: type(payloads).__name__,
)
def test_not_payloads(payloads):
    with pytest.raises(TypeError, match=type(payloads).__name__):
        unpack_arrow(payloads)


@pytest.mark.parametrize("item", ["text", 7, [b"x"], object()])
def test_a_wrong_item_is_named(item):
    with pytest.raises(TypeError, match=f"payload 2 .*'{type(item).__name__}'"):
        unpack_arrow([b"plain", None, item])


def test_memory_with_gaps_is_not_bytes_like():
    with pytest.raises(TypeError):
        unpack_arrow([memoryview(b"abcd")[::2]])


def test_cannot_be_made_otherwise():
    with pytest.raises(TypeError):
        UserRecordBatches()


PAYLOADS = [AGGREGATE, None, b"short", b"", WRONG_DIGEST, b"a little longer", None, AGGREGATE]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("offset", "rest"), [(0, 0), (1, 0), (0, 3), (7, 2), (8, 0), (9, 9)])
def test_columns(layout, offset, rest):
    chunk = Chunk(PAYLOADS, layout, offset, rest)
    expected = rows_of(*PAYLOADS)
    assert read_rows(unpack_arrow(Column([chunk], layout))) == expected
    assert chunk.released == 1
    chunk = Chunk(PAYLOADS, layout, offset, rest, null_count=-1)
    column = ArrayColumn(chunk, layout)
    assert read_rows(unpack_arrow(column)) == expected
    assert chunk.released == 1


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("cuts", [[0, 0], [3], [1, 1, 5], [8, 8]])
def test_chunks(layout, cuts):
    edges = [0, *cuts, len(PAYLOADS)]
    parts = [PAYLOADS[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    chunks = [Chunk(part, layout, offset=i) for i, part in enumerate(parts)]
    column = Column(chunks, layout)
    assert read_rows(unpack_arrow(column)) == rows_of(*PAYLOADS)
    assert [chunk.released for chunk in chunks] == [1] * len(chunks)
    assert (column.schemas_released, column.streams_released) == (1, 1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_columns_without_a_bitmap_or_without_rows(layout):
    payloads = [AGGREGATE, b"plain"] * 700
    chunks = [Chunk([], layout), Chunk(payloads, layout, bitmap=False), Chunk([], layout, 5)]
    assert read_rows(unpack_arrow(Column(chunks, layout))) == rows_of(*payloads)
    assert read_rows(unpack_arrow(Column([], layout))) == []


@pytest.mark.parametrize("layout", ["u", "vu", "U", "w:7", "l", "+s", "+l", "n"])
def test_columns_of_other_types(layout):
    column = Column([Chunk([b"x"])], layout)
    with pytest.raises(TypeError):
        unpack_arrow(column)
    assert (column.schemas_released, column.streams_released) == (1, 1)


def unsound_chunks():
    def with_values(**values):
        chunk = Chunk([b"one", b"more than twelve bytes"])
        for name, value in values.items():
            setattr(chunk.array, name, value)
        return chunk

    def with_view(number=0, start=0, size=22):
        chunk = Chunk([b"more than twelve bytes"], "vz")
        for at, value in {0: size, 8: number, 12: start}.items():
            chunk.kept[0][at : at + 4] = value.to_bytes(4, "little", signed=True)
        return chunk

    yield "z", with_values(length=-1)
    yield "z", with_values(offset=-1)
    yield "z", with_values(offset=2**63 - 1)
    yield "z", with_values(n_buffers=2)
    yield "vz", with_values(n_buffers=2)
    yield "vz", with_view(number=2)
    yield "vz", with_view(number=-1)
    yield "vz", with_view(start=1)
    yield "vz", with_view(start=-1)
    yield "vz", with_view(size=23)
    yield "vz", with_view(size=-1)
    decreasing = Chunk([b"one", b"two"])
    decreasing.kept[0][4:8] = (9).to_bytes(4, "little")
    yield "z", decreasing


@pytest.mark.parametrize(("layout", "chunk"), list(unsound_chunks()))
def test_unsound_columns(layout, chunk):
    with pytest.raises(TypeError):
        unpack_arrow(Column([Chunk([b"sound"] * 100, layout), chunk], layout))
    assert chunk.released == 1


def test_a_producer_that_fails():
    failing = Column([Chunk([b"x"])], failing=errno.EIO, error=b"the disk is on fire \xff")
    with pytest.raises(OSError, match="the disk is on fire") as caught:
        unpack_arrow(failing)
    assert caught.value.errno == errno.EIO
    assert failing.streams_released == 1
    with pytest.raises(OSError, match=re.escape(os.strerror(errno.EINVAL))):
        unpack_arrow(Column([], failing=errno.EINVAL))
    with pytest.raises(MemoryError):
        unpack_arrow(Column([], failing=errno.ENOMEM))


@pytest.mark.parametrize("name", ["__arrow_c_stream__", "__arrow_c_array__"])
@pytest.mark.parametrize("result", [None, (), (None, None), 7, (1, 2, 3)])
def test_exports_of_a_wrong_type(name, result):
    exporter = type("Exporter", (), {name: lambda self, requested_schema=None: result})()
    with pytest.raises((TypeError, ValueError)):
        unpack_arrow(exporter)


def test_an_export_that_raises():
    class Exporter:
        def __arrow_c_stream__(self, requested_schema):
            raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        unpack_arrow(Exporter())


def test_an_export_that_was_read_before():
    column = ArrayColumn(Chunk([b"x"]))
    unpack_arrow(column)
    with pytest.raises(TypeError):
        unpack_arrow(column)
