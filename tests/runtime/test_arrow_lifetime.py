"""Exported columns live as long as anyone holds them: other threads, moved-out columns, a process
whose interpreter has ended. They are C memory alone.
"""

import concurrent.futures
import ctypes
import gc
import os
import sys
import textwrap
import threading

import child_process
import pytest
from aggregates import message, payload, record
from arrow import (
    Chunk,
    Column,
    Schema,
    arrays_of,
    is_released,
    moved_out,
    read_batches,
    read_column,
    read_fields,
    read_rows,
    read_schema,
    release,
    take_stream,
)
from interpreters import new_interpreter, run
from project import TESTS

from aws_kpl_deagg import unpack_arrow

ROWS = 25_000
AGGREGATE = payload(message([b"key"], [record(0, b"%d" % i) for i in range(ROWS)]))
PAYLOADS = [AGGREGATE, b"plain", None]
TIMEOUT = 60


def test_any_number_of_exports():
    batches = unpack_arrow(PAYLOADS)
    expected = read_rows(unpack_arrow(PAYLOADS))
    streams = [take_stream(batches) for _ in range(3)]
    del batches
    gc.collect()
    arrays = [list(arrays_of(stream)) for stream in streams]
    for stream in streams:
        release(stream)
    for each in arrays:
        assert [array.length for array in each] == [10_000, 10_000, 5002]
        for array in each:
            release(array)
    assert read_rows(unpack_arrow(PAYLOADS)) == expected


def test_a_stream_that_is_dropped_half_way():
    batches = unpack_arrow(PAYLOADS)
    stream = take_stream(batches)
    array = next(arrays_of(stream))
    release(stream)
    release(array)
    capsules = [batches.__arrow_c_stream__(), batches.__arrow_c_schema__()]
    del capsules
    assert len(read_rows(batches)) == ROWS + 2


@pytest.mark.parametrize("kept", range(6))
def test_a_column_that_is_moved_out(kept):
    fields = read_schema(unpack_arrow([]))
    expected = [row[kept] for row in read_batches(unpack_arrow(PAYLOADS))[0]]
    batches = unpack_arrow(PAYLOADS)
    stream = take_stream(batches)
    array = next(arrays_of(stream))
    column = moved_out(array.children, kept)
    release(array)
    release(stream)
    del batches
    gc.collect()
    assert read_column(column, fields[kept]) == expected
    release(column)


def test_the_children_of_a_schema_are_moved_out():
    batches = unpack_arrow([])
    stream = take_stream(batches)
    schema = Schema()
    assert stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)) == 0
    child = Schema()
    ctypes.pointer(child)[0] = schema.children[4].contents
    schema.children[4].contents.release = type(schema.release)()
    release(schema)
    release(stream)
    assert (child.name, child.format) == (b"data", b"z")
    release(child)


def test_released_by_another_thread():
    batches = unpack_arrow(PAYLOADS)
    stream = take_stream(batches)
    array = next(arrays_of(stream))
    del batches

    def release_both():
        release(array)
        release(stream)

    thread = threading.Thread(target=release_both)
    thread.start()
    thread.join(TIMEOUT)
    assert is_released(array)
    assert is_released(stream)


def test_threads_that_read_and_drop_at_once():
    batches = unpack_arrow(PAYLOADS * 2)
    expected = read_rows(batches)

    def use(number):
        if number % 2:
            return read_rows(batches) == expected
        return read_rows(unpack_arrow(PAYLOADS * 2)) == expected

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(12), timeout=TIMEOUT))


def test_a_list_that_other_threads_change():
    payloads = [b"%d" % i for i in range(2000)]
    stop = threading.Event()

    def change():
        while not stop.is_set():
            payloads.append(payloads.pop(0))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(20):
            read = {row[4] for row in read_rows(unpack_arrow(payloads))}
            assert read <= {b"%d" % i for i in range(2000)}
    finally:
        stop.set()
        thread.join(TIMEOUT)


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer keeps freed memory"
)
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_memory_is_returned():
    """Resident memory, since tracemalloc does not see malloc's."""

    def resident():
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    def use():
        batches = unpack_arrow([b"x" * (1 << 20)] * 40)
        streams = [take_stream(batches) for _ in range(2)]
        for stream in streams:
            release(next(arrays_of(stream)))
            release(stream)

    for _ in range(3):
        use()
    before = resident()
    for _ in range(10):
        use()
    assert resident() - before < 60 << 20


def test_the_source_is_released_at_once():
    chunk = Chunk([AGGREGATE, b"plain"])
    column = Column([chunk])
    batches = unpack_arrow(column)
    assert (chunk.released, column.streams_released) == (1, 1)
    del chunk, column
    assert len(read_rows(batches)) == ROWS + 1
    content = b"a payload that nobody else refers to"
    references = sys.getrefcount(content)
    batches = unpack_arrow([content])
    assert sys.getrefcount(content) == references


@pytest.mark.skipif(sys.platform == "win32", reason="needs the C library's exit handlers")
def test_released_after_the_interpreter_has_ended():
    """The C library runs exit handlers after Python's end, the last one first."""
    program = f"""
    import ctypes, sys
    sys.path.insert(0, {str(TESTS / "support")!r})
    from arrow import arrays_of, moved_out, take_stream
    from aws_kpl_deagg import unpack_arrow
    batches = unpack_arrow([b"plain", None])
    stream = take_stream(batches)
    array = next(arrays_of(stream))
    column = moved_out(array.children, 4)
    at_exit = ctypes.CDLL(None).__cxa_atexit
    at_exit.argtypes = [ctypes.c_void_p] * 3
    kept = ctypes.create_string_buffer(b"released")
    at_exit(ctypes.cast(ctypes.CDLL(None).puts, ctypes.c_void_p), ctypes.addressof(kept), None)
    for exported in (column, stream, array):
        function = ctypes.cast(exported.release, ctypes.c_void_p)
        at_exit(function, ctypes.addressof(exported), None)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(exported))
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
    """
    assert child_process.run(textwrap.dedent(program)) == ["released"]


def test_in_another_interpreter():
    with new_interpreter() as interpreter:
        run(
            interpreter,
            "from aws_kpl_deagg import unpack_arrow\n"
            "batches = unpack_arrow([b'plain', None])\n"
            "assert len(batches) == 2\n"
            "capsules = [batches.__arrow_c_stream__(), batches.__arrow_c_schema__()]\n",
        )


def test_fields_are_read_from_the_stream_as_well():
    stream = take_stream(unpack_arrow([]))
    schema = Schema()
    assert stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)) == 0
    assert read_fields(schema) == read_schema(unpack_arrow([]))
    release(stream)
