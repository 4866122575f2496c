"""The memory that a call takes beside its result, and the cap on that of a hostile message.

tracemalloc sees all of it: decoded text, the decoded message and the keys come from PyMem_Raw* and
PyMem_*, the dicts from Python's own allocators.
"""

import tracemalloc

import pytest
from aggregates import (
    aggregated_kinesis_record,
    base64_text,
    boto3_record,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged
from hostile import HOSTILE, OVER_THE_CAP, SOUND, drain, greediest_count, peak_of

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records, unpack

MIB = 1 << 20


def aggregate(count, size):
    """An aggregate of `count` user records of `size` bytes, which differ."""
    return aggregated_kinesis_record(
        message([b"key"], [record(0, b"%0*d" % (size, i)) for i in range(count)])
    )


@pytest.mark.parametrize("wrap", [list, iter])
def test_the_iterator_s_peak_does_not_grow_with_the_number_of_kinesis_records(wrap):
    def peak_of_many(count):
        records = [aggregate(300, 100) for _ in range(count)]
        return peak_of(lambda: drain(iter_deaggregate_records(wrap(records))))

    # More records and bytes than are decoded ahead, and six times as many.
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


def test_a_finished_iterator_has_released_all_memory():
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


# Hostile messages

# As docs/performance.md states: the iterator's peak in bytes per byte of the largest payload, and
# the rest, which does not depend on the payload.
MOST_PER_BYTE = 80
MOST_ON_TOP = 128 << 10

HOSTILE_OF_ANY_KIND = HOSTILE | OVER_THE_CAP


def iterator_peak(*records):
    with logged():
        return peak_of(lambda: drain(iter_deaggregate_records(list(records))))


@pytest.mark.parametrize("case", HOSTILE_OF_ANY_KIND.values(), ids=HOSTILE_OF_ANY_KIND)
def test_the_iterator_s_peak_is_bounded_and_linear(case):
    def peak_and_size(doublings):
        hostile_payload = payload(case.message(greediest_count(doublings)))
        text = base64_text(hostile_payload) + "\n"  # which costs more than clean base64
        peak = iterator_peak(kinesis_record(text))
        return peak, len(hostile_payload)

    peak, size = peak_and_size(9)
    larger_peak, larger_size = peak_and_size(11)
    assert size < peak < size * MOST_PER_BYTE + MOST_ON_TOP
    assert larger_size * 3 < larger_peak < larger_size * MOST_PER_BYTE + MOST_ON_TOP
    assert larger_peak / larger_size < peak / size * 1.2


def test_the_iterator_s_peak_is_bounded_at_its_worst():
    """From bytes, with both kinds of base64, and with one such message after another."""
    worst = HOSTILE["empty hash keys"].message(greediest_count(16))
    hostile_payload = payload(worst)
    text = base64_text(hostile_payload)
    peaks = [
        iterator_peak(boto3_record(hostile_payload)),
        iterator_peak(kinesis_record(text)),
        iterator_peak(kinesis_record(text + "\n")),
        iterator_peak(kinesis_record(text), kinesis_record(text + "\n"), kinesis_record(text)),
    ]
    assert max(peaks) < len(hostile_payload) * MOST_PER_BYTE + MOST_ON_TOP
    # Measured with 10 MiB: 74, 75, 76 and 76.
    assert min(peaks) > len(hostile_payload) * 40


# The cap

WORST_COUNTS = [greediest_count(doublings) for doublings in (10, 12)]


@pytest.mark.parametrize("count", WORST_COUNTS)
@pytest.mark.parametrize("case", OVER_THE_CAP.values(), ids=OVER_THE_CAP)
def test_a_message_of_unknown_fields_needs_too_much_memory(case, count):
    hostile_payload = payload(case.message(count))
    hostile_record = kinesis_record(hostile_payload)
    with logged() as entries:
        assert deaggregate_records([hostile_record]) == [hostile_record]
    assert [reason for _, reason in entries] == ["needs too much memory"]
    with pytest.raises(AggregateError) as caught:
        unpack(hostile_payload)
    assert caught.value.reason == "needs too much memory"


@pytest.mark.parametrize("count", WORST_COUNTS)
@pytest.mark.parametrize("name", ["empty partition keys", "empty hash keys", "tags"])
def test_a_message_of_known_fields_never_does(name, count):
    """The greediest of known fields are under the cap at their worst."""
    (user_record,) = unpack(payload(HOSTILE[name].message(count)))
    assert user_record[:3] == SOUND
