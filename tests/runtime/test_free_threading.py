"""On a free-threaded Python: no GIL comes back, and threads that share what they should not.

What is shared by right, lists and iterators, is in test_threads.py, which runs there as well.
"""

import concurrent.futures
import contextlib
import gc
import itertools
import subprocess
import sys
import sysconfig
import threading

import pytest
from list_changes import aggregate, plain

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

pytestmark = pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="needs a free-threaded Python"
)

TIMEOUT = 60
THREADS = 8
ROUNDS = 50

PLAIN = plain()


def numbered(number):
    return aggregate(*(b"%d" % i for i in range(20)), sequence_number=str(number))


def in_threads(*calls):
    """The results of the calls, begun as much at once as can be."""
    barrier = threading.Barrier(len(calls))

    def begin(call):
        barrier.wait(TIMEOUT)
        return call()

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(begin, call) for call in calls]
        return [future.result(TIMEOUT) for future in futures]


def test_import_turns_no_gil_on():
    program = "import sys, aws_kpl_deagg; print(sys._is_gil_enabled())"
    command = [sys.executable, "-W", "error", "-c", program]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert (finished.stdout.strip(), finished.stderr) == ("False", "")


def test_these_tests_run_without_a_gil():
    assert not sys._is_gil_enabled()


def test_list_of_records_that_changes():
    """Each Kinesis record is taken as a whole, whichever are there at the moment."""
    aggregates = [numbered(i) for i in range(10)]
    whole = list(map(deaggregate_records, aggregates))
    records = aggregates * 3
    done = threading.Event()

    def change():
        for i in itertools.count():
            if done.is_set():
                return
            # No deletions and slices: in 3.13 they race with whoever reads the list, `records[0]`
            # in Python code included.
            records[i % len(records)] = aggregates[i % 10]
            records.append(aggregates[i % 10])
            if len(records) > 50:
                del records[:]
                records.append(aggregates[0])

    def read():
        try:
            for _ in range(ROUNDS):
                results = deaggregate_records(records)
                while results:
                    expected = whole[int(results[0]["kinesis"]["sequenceNumber"])]
                    assert results[: len(expected)] == expected
                    del results[: len(expected)]
        finally:
            done.set()

    in_threads(change, read, read, read)


def test_records_that_change():
    """A record whose payload is replaced comes out as one or the other."""
    sound = numbered(1)
    user_records = deaggregate_records(sound)
    changing = dict(sound)
    done = threading.Event()

    def change():
        while not done.is_set():
            changing["kinesis"] = PLAIN["kinesis"]
            changing["extra"] = 1
            del changing["extra"]
            changing["kinesis"] = sound["kinesis"]

    def read():
        try:
            for _ in range(ROUNDS * 20):
                results = deaggregate_records([changing])
                if results[0] is changing:
                    continue
                for each in results:
                    each.pop("extra", None)
                assert results == user_records
        finally:
            done.set()

    in_threads(change, read, read)


def insist(call, *args):
    """The result of the call, tried again while another thread is inside."""
    while True:
        with contextlib.suppress(ValueError):
            return call(*args)


def test_iterator_that_is_closed_and_collected_meanwhile():
    records = [numbered(i) for i in range(20)]
    expected = deaggregate_records(records)

    for _ in range(ROUNDS):
        iterator = iter_deaggregate_records(records)

        def take(iterator=iterator):
            taken = []
            while (each := insist(next, iterator, None)) is not None:
                taken.append(each)
            return taken

        def close(iterator=iterator):
            insist(iterator.close)

        first, second, _, _ = in_threads(take, take, close, gc.collect)
        both = sorted(first + second, key=expected.index)
        assert both == expected[: len(both)]


def test_first_uses_at_once():
    """What is made when first needed, such as the logger, is made by many at the same time."""
    program = """
import base64, concurrent.futures, threading
import aws_kpl_deagg
data = base64.b64encode(b"\\xf3\\x89\\x9a\\xc2" + bytes(40)).decode()
record = {"kinesis": {"data": data, "sequenceNumber": "1"}}
barrier = threading.Barrier(8)
def first_use(_):
    barrier.wait()
    return aws_kpl_deagg.deaggregate_records([record])[0] is record
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    assert all(pool.map(first_use, range(8)))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.count("wrong digest") == 8
