"""Arrow's C interfaces in ctypes: reads what unpack_arrow() exports, and exports payloads to it.

Written from the specification, https://arrow.apache.org/docs/format/CDataInterface.html and
https://arrow.apache.org/docs/format/Columnar.html, without pyarrow.
"""

import ctypes
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

NULLABLE = 2
INLINE_SIZE = 12


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


SchemaRelease = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
ArrayRelease = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
StreamRelease = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
# An address, since ctypes would free a bytes object that it made of the text.
GetLastError = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))

Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", SchemaRelease),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", ArrayRelease),
    ("private_data", ctypes.c_void_p),
]
Stream._fields_ = [
    ("get_schema", GetSchema),
    ("get_next", GetNext),
    ("get_last_error", GetLastError),
    ("release", StreamRelease),
    ("private_data", ctypes.c_void_p),
]

_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype = ctypes.c_void_p
_get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


def pointer_in(capsule: Any, kind: type[ctypes.Structure], name: bytes) -> Any:
    return ctypes.cast(_get_pointer(capsule, name), ctypes.POINTER(kind))


def is_released(exported: Any) -> bool:
    return not ctypes.cast(exported.release, ctypes.c_void_p).value


def release(exported: ctypes.Structure) -> None:
    exported.release(ctypes.byref(exported))
    assert is_released(exported)


class Field(NamedTuple):
    name: str
    format: str
    nullable: bool


def read_fields(schema: Schema) -> list[Field]:
    """Reads the columns of an exported schema, and releases it."""
    assert schema.format == b"+s"
    assert not schema.dictionary
    fields = [
        Field(child.name.decode(), child.format.decode(), bool(child.flags & NULLABLE))
        for child in (schema.children[i].contents for i in range(schema.n_children))
    ]
    release(schema)
    return fields


def read_schema(batches: Any) -> list[Field]:
    capsule = batches.__arrow_c_schema__()
    return read_fields(pointer_in(capsule, Schema, b"arrow_schema").contents)


def is_valid(array: Array, row: int) -> bool:
    if not array.buffers[0]:
        assert array.null_count == 0
        return True
    return bool(ctypes.string_at(array.buffers[0] + row // 8, 1)[0] >> row % 8 & 1)


def read_column(array: Array, field: Field) -> list[Any]:
    """Reads one column, which may have been moved out of its batch."""
    assert array.offset == 0
    assert array.n_buffers == (3 if field.format in "uz" else 2)
    values = {"l": ctypes.c_int64}.get(field.format, ctypes.c_int32)
    size = ctypes.sizeof(values)
    count = array.length + (field.format in "uz")
    numbers = (values * count).from_buffer_copy(
        ctypes.string_at(array.buffers[1], count * size) if count else b""
    )
    valid = [is_valid(array, row) for row in range(array.length)]
    assert array.null_count == valid.count(False)
    if field.format not in "uz":
        return [number if ok else None for number, ok in zip(numbers, valid, strict=True)]
    assert numbers[0] == 0
    column: list[Any] = []
    for row, ok in enumerate(valid):
        assert numbers[row] <= numbers[row + 1]
        cell = ctypes.string_at(array.buffers[2] + numbers[row], numbers[row + 1] - numbers[row])
        assert ok or not cell
        column.append((cell.decode() if field.format == "u" else cell) if ok else None)
    return column


def moved_out(children: Any, index: int) -> Array:
    """Moves a child out of its parent, as the specification allows."""
    child = Array()
    ctypes.pointer(child)[0] = children[index].contents
    children[index].contents.release = ArrayRelease()
    return child


def take_stream(batches: Any) -> Stream:
    """Moves the stream out of its capsule."""
    capsule = batches.__arrow_c_stream__()
    pointer = pointer_in(capsule, Stream, b"arrow_array_stream")
    stream = Stream()
    ctypes.pointer(stream)[0] = pointer.contents
    pointer.contents.release = StreamRelease()
    return stream


def arrays_of(stream: Stream) -> Iterator[Array]:
    """Yields the arrays of a stream, which the caller releases."""
    while True:
        array = Array()
        assert stream.get_next(ctypes.byref(stream), ctypes.byref(array)) == 0
        assert not stream.get_last_error(ctypes.byref(stream))
        if is_released(array):
            return
        yield array


def read_batches(batches: Any) -> list[list[tuple[Any, ...]]]:
    """Returns the rows of each batch."""
    stream = take_stream(batches)
    schema = Schema()
    assert stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)) == 0
    fields = read_fields(schema)
    assert fields == read_schema(batches)
    read = []
    for array in arrays_of(stream):
        assert array.n_children == len(fields)
        assert array.null_count == 0
        columns = [
            read_column(array.children[i].contents, field) for i, field in enumerate(fields)
        ]
        assert {len(column) for column in columns} == {array.length}
        read.append(list(zip(*columns, strict=True)))
        release(array)
    release(stream)
    return read


def read_rows(batches: Any) -> list[tuple[Any, ...]]:
    rows = [row for batch in read_batches(batches) for row in batch]
    assert len(batches) == len(rows)
    return rows


class Chunk:
    """A binary array with these payloads. It begins `offset` elements into its buffers, which have
    `rest` more elements after it.
    """

    def __init__(
        self,
        payloads: Sequence[bytes | None],
        layout: str = "z",
        offset: int = 0,
        rest: int = 0,
        bitmap: bool = True,
        null_count: int | None = None,
    ) -> None:
        cells = [b"before"] * offset + list(payloads) + [b"rest"] * rest
        make = self.views if layout == "vz" else self.offsets
        buffers = make([cell or b"" for cell in cells], layout)
        nulls = payloads.count(None)
        bits = sum((cell is not None) << i for i, cell in enumerate(cells))
        validity = bits.to_bytes(len(cells) // 8 + 1, "little")
        self.kept = [ctypes.create_string_buffer(each, len(each) or 1) for each in buffers]
        addresses: list[Any] = [ctypes.addressof(each) for each in self.kept]
        self.validity = ctypes.create_string_buffer(validity, len(validity))
        addresses.insert(0, ctypes.addressof(self.validity) if nulls or bitmap else None)
        if not cells:
            addresses = [None] * len(addresses)
        self.buffers = (ctypes.c_void_p * len(addresses))(*addresses)
        self.released = 0
        self.release = ArrayRelease(self.count_release)
        self.array = Array(
            length=len(payloads),
            null_count=nulls if null_count is None else null_count,
            offset=offset,
            n_buffers=len(addresses),
            buffers=self.buffers,
            release=self.release,
        )

    @staticmethod
    def offsets(cells: list[bytes], layout: str) -> list[bytes]:
        ends = [sum(map(len, cells[:i])) for i in range(len(cells) + 1)]
        return [
            struct.pack(f"={len(ends)}{'i' if layout == 'z' else 'q'}", *ends),
            b"".join(cells),
        ]

    @staticmethod
    def views(cells: list[bytes], _layout: str) -> list[bytes]:
        views, buffers = b"", [b"", b""]
        for i, cell in enumerate(cells):
            if len(cell) <= INLINE_SIZE:
                views += struct.pack("=i12s", len(cell), cell)
            else:
                number = i % 2
                views += struct.pack("=i4sii", len(cell), cell, number, len(buffers[number]))
                buffers[number] += cell
        return [views, *buffers, struct.pack("=2q", *map(len, buffers))]

    def count_release(self, array: Any) -> None:
        self.released += 1
        array.contents.release = ArrayRelease()


class Column:
    """Payloads as a column that exports itself. `failing` is what get_next returns at the end."""

    def __init__(
        self, chunks: Sequence[Chunk], layout: str = "z", failing: int = 0, error: bytes = b""
    ) -> None:
        self.chunks, self.layout, self.failing = list(chunks), layout.encode(), failing
        self.schemas_released = self.streams_released = 0
        self.error = ctypes.create_string_buffer(error) if error else None
        self.left: list[Chunk] = []
        self.callbacks = [
            GetSchema(self.get_schema),
            GetNext(self.get_next),
            GetLastError(self.get_last_error),
            StreamRelease(self.release_stream),
        ]
        self.release_schema = SchemaRelease(self.count_schema)
        self.exported: list[Any] = []

    def count_schema(self, schema: Any) -> None:
        self.schemas_released += 1
        schema.contents.release = SchemaRelease()

    def get_schema(self, _stream: Any, schema: Any) -> int:
        schema[0] = Schema(
            format=self.layout, name=b"", flags=NULLABLE, release=self.release_schema
        )
        return 0

    def get_next(self, _stream: Any, array: Any) -> int:
        if self.left:
            array[0] = self.left.pop(0).array
            return 0
        array[0] = Array()
        return self.failing

    def get_last_error(self, _stream: Any) -> int | None:
        return None if self.error is None else ctypes.addressof(self.error)

    def release_stream(self, stream: Any) -> None:
        self.streams_released += 1
        stream.contents.release = StreamRelease()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        self.left = list(self.chunks)
        self.exported.append(Stream(*self.callbacks))
        return _new_capsule(ctypes.addressof(self.exported[-1]), b"arrow_array_stream", None)


class ArrayColumn:
    """A single chunk as a column that exports itself by __arrow_c_array__."""

    def __init__(self, chunk: Chunk, layout: str = "z") -> None:
        self.column, self.chunk = Column([chunk], layout), chunk

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        self.schema = Schema(
            format=self.column.layout, name=b"", flags=NULLABLE, release=self.column.release_schema
        )
        return (
            _new_capsule(ctypes.addressof(self.schema), b"arrow_schema", None),
            _new_capsule(ctypes.addressof(self.chunk.array), b"arrow_array", None),
        )
