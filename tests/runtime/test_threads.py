"""Threads with records of their own, with a shared list or iterator, and during a long call."""

import concurrent.futures
import itertools
import sys
import sysconfig
import threading

import pytest
from aggregates import aggregated_kinesis_record, kinesis_record, message, payload, record

from aws_kpl_deagg import (
    deaggregate_records,
    is_aggregated,
    iter_deaggregate_records,
    unpack,
    unpack_arrow,
)

TIMEOUT = 60
THREADS = 4


def aggregate(name, count=20, size=100):
    records = [record(0, b"%s %0*d" % (name, size, i)) for i in range(count)]
    return aggregated_kinesis_record(message([name], records))


@pytest.fixture
def hasty():
    """Has the interpreter switch threads as often as possible."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def patient():
    """Has the interpreter switch threads only where one releases the GIL by itself."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10_000)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("size", [10, 2000])
def test_threads_with_lists_of_their_own(size, hasty):
    lists = [
        [aggregate(b"%d %d" % (thread, i), size=size) for i in range(40)]
        for thread in range(THREADS)
    ]
    expected = [deaggregate_records(iter(records)) for records in lists]

    def work(records):
        results = []
        for _ in range(5):
            results.append(deaggregate_records(records))
            results.append(list(iter_deaggregate_records(tuple(records))))
        return results

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(work, lists, timeout=TIMEOUT))
    for result, one in zip(results, expected, strict=True):
        assert result == [one] * 10


def test_threads_that_share_a_list(hasty):
    records = [aggregate(b"%d" % i, size=2000) for i in range(40)]
    expected = deaggregate_records(iter(records))
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(deaggregate_records, [records] * 12, timeout=TIMEOUT))
    assert results == [expected] * 12


def take_all(iterator, taken, refusals, barrier):
    """Takes items until the end, and tries again while another thread is inside."""
    barrier.wait(TIMEOUT)
    while True:
        try:
            taken.append(next(iterator))
        except StopIteration:
            return
        except ValueError as error:
            refusals.append(str(error))


def test_threads_that_share_an_iterator(hasty):
    # The payloads are so large that the iterator releases the GIL.
    records = [aggregate(b"%d" % i, count=20, size=5000) for i in range(100)]
    expected = deaggregate_records(records)
    iterator = iter_deaggregate_records(records)
    barrier = threading.Barrier(THREADS)
    taken = [[] for _ in range(THREADS)]
    refusals = []
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(take_all, iterator, each, refusals, barrier) for each in taken]
        for future in futures:
            future.result(TIMEOUT)

    def place(output):
        kinesis = output["kinesis"]
        return int(kinesis["partitionKey"]), kinesis["subSequenceNumber"]

    for each in taken:
        assert list(map(place, each)) == sorted(map(place, each))
    together = sorted(itertools.chain.from_iterable(taken), key=place)
    assert together == expected
    assert set(refusals) <= {"iterator already executing"}


# The GIL is released

SMALL = aggregate(b"small", count=1)
MEDIUM = aggregate(b"medium", count=30, size=1000)
BIG = payload(message([b"key"], [record(0, b"x" * 10_000_000)]))
BIG_RECORD = kinesis_record(BIG)
BIG_PLAIN = kinesis_record(b"x" * 10_000_000)

CALLS = {
    "a digest": lambda: is_aggregated(BIG),
    "a message": lambda: unpack(BIG, verify=False),
    "columns": lambda: unpack_arrow([BIG]),
    "columns of an object that may change": lambda: unpack_arrow([bytearray(BIG)]),
    "base64": lambda: deaggregate_records([BIG_PLAIN], decode=True),
    "payloads ahead": lambda: next(iter_deaggregate_records([SMALL, *[MEDIUM] * 31])),
    "all of one, from a list": lambda: deaggregate_records([BIG_RECORD]),
    "all of one, from an iterator": lambda: next(iter_deaggregate_records(iter([BIG_RECORD]))),
    "all of one, from boto3": lambda: deaggregate_records([{"SequenceNumber": "1", "Data": BIG}]),
}
TRIES = 300


def another_thread_runs_within(call):
    """Whether another thread runs during some calls, which alone may release the GIL.

    The number of calls depends on when the operating system wakes the thread.
    """
    ready, wake_up = threading.Event(), threading.Event()
    progress = []

    def other_thread():
        ready.set()
        wake_up.wait(TIMEOUT)
        progress.append(True)

    thread = threading.Thread(target=other_thread)
    thread.start()
    assert ready.wait(TIMEOUT)
    wake_up.set()
    tries = 0
    while not progress and tries < TRIES:
        call()
        tries += 1
    has_run = bool(progress)
    thread.join(TIMEOUT)
    return has_run


with_a_gil = pytest.mark.skipif(
    sysconfig.get_config_var("Py_GIL_DISABLED") == 1, reason="needs a Python with a GIL"
)


@with_a_gil
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_another_thread_runs_while_a_payload_is_read(call, patient):
    assert another_thread_runs_within(call)


@with_a_gil
def test_no_other_thread_runs_while_a_small_payload_is_read(patient):
    """Small payloads keep the GIL. The test above relies on nothing else releasing it."""
    assert not another_thread_runs_within(lambda: deaggregate_records([SMALL] * 20))
