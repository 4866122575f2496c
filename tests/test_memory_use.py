"""How much memory a call takes beside its result, and the cap on what a hostile message may take.

tracemalloc sees all of it: decoded text, the decoded message and the keys come from PyMem_Raw* and
PyMem_*, the dicts from Python's own allocators.
"""

import gc
import tracemalloc

import pytest
from aggregates import (
    aggregated_kinesis_record,
    bytes_field,
    message,
    payload,
    record,
    varint_field,
)
from comparison import logged

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records, unpack

MIB = 1 << 20


def aggregate(count, size):
    """An aggregate of `count` user records of `size` bytes, which differ."""
    return aggregated_kinesis_record(
        message([b"key"], [record(0, b"%0*d" % (size, i)) for i in range(count)])
    )


def peak_of(call):
    """The most memory that a call takes at a time, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def drain(iterable):
    """Lets go of each item before the next."""
    for _ in iterable:
        pass


@pytest.mark.parametrize("wrap", [list, iter])
def test_the_iterator_s_peak_does_not_grow_with_the_number_of_kinesis_records(wrap):
    def peak_of_many(count):
        records = [aggregate(300, 100) for _ in range(count)]
        return peak_of(lambda: drain(iter_deaggregate_records(wrap(records))))

    # More than are looked ahead into, in records and in bytes, and six times as many.
    fewer, more = peak_of_many(60), peak_of_many(360)
    assert more < fewer * 1.1
    assert more < 3 * MIB


@pytest.mark.parametrize("wrap", [list, iter])
def test_the_iterator_s_peak_is_a_small_multiple_of_an_aggregate_s_size(wrap):
    records = [aggregate(80_000, 100)]
    size = len(records[0]["kinesis"]["data"]) * 3 // 4
    peak = peak_of(lambda: drain(iter_deaggregate_records(wrap(records))))
    # Measured: 4.0 times its size, of which 1.0 is decoded base64 and 3.0 the decoded message.
    assert size > 8 * MIB
    assert size < peak < 6 * size


def test_an_iterator_at_its_end_gives_all_memory_back():
    records = [aggregate(20_000, 100)]
    tracemalloc.start()
    try:
        iterator = iter_deaggregate_records(records)
        next(iterator)
        during = tracemalloc.get_traced_memory()[0]
        drain(iterator)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert during > MIB
    assert after < 10_000


# The cap

# protobuf-c's list of the fields it has scanned begins with room for 16 and doubles, so that its
# size jumps, and a message is at its greediest, at the first field behind such a border.
WORST_COUNTS = [16 * (2**k - 1) + 1 for k in (12, 14, 16)]


@pytest.mark.parametrize("count", WORST_COUNTS)
def test_a_message_of_unknown_fields_needs_too_much_memory(count):
    unknown = varint_field(4, 0) * (count - 2)
    assert len(unknown) == 2 * (count - 2)
    greedy = unknown + message([b"key"], [record(0, b"x")])
    kinesis_record = aggregated_kinesis_record(greedy)
    with logged() as entries:
        assert deaggregate_records([kinesis_record]) == [kinesis_record]
    assert [reason for _, reason in entries] == ["needs too much memory"]
    with pytest.raises(AggregateError) as caught:
        unpack(payload(greedy))
    assert caught.value.reason == "needs too much memory"


@pytest.mark.parametrize("count", WORST_COUNTS)
@pytest.mark.parametrize("number", [1, 2])
def test_a_message_of_known_fields_never_does(count, number):
    """Empty table entries, the greediest of known fields, are under the cap at their worst."""
    entries = bytes_field(number, b"") * (count - 2)
    assert len(entries) == 2 * (count - 2)
    (user_record,) = unpack(payload(message([b""]) + entries + message([], [record(0, b"x")])))
    assert user_record.partition_key == ""
    assert user_record.data == b"x"
