"""How the iterator ends, its references until then, and that it rejects re-entry while it runs."""

import collections
import gc
import logging
import threading
import weakref
from contextlib import closing

import pytest
from aggregates import aggregated_kinesis_record, kinesis_record, message, payload, record

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

AGGREGATE = aggregated_kinesis_record(message([b"key"], [record(0, b"1"), record(0, b"2")]))
PLAIN = kinesis_record(b"plain")
DAMAGED = kinesis_record(payload(message([b"key"], [record(0)]))[:-1] + b"?")
TIMEOUT = 60


class WeakList(list):
    """A list that can be watched with a weak reference."""


class WeakDict(dict):
    """A dict that can be watched with a weak reference."""


def references(iterator):
    """The objects that an iterator refers to, except its type."""
    return [each for each in gc.get_referents(iterator) if each is not type(iterator)]


# Exhaustion, error, close()


def exhausted(records):
    iterator = iter_deaggregate_records(records)
    assert len(list(iterator)) == 5
    return iterator


def failed(records):
    records.append({})
    iterator = iter_deaggregate_records(records)
    with pytest.raises(KeyError):
        list(iterator)
    return iterator


def closed(records):
    iterator = iter_deaggregate_records(records)
    assert iterator.close() is None
    return iterator


def closed_in_the_middle(records):
    iterator = iter_deaggregate_records(records)
    next(iterator)
    assert iterator.close() is None
    return iterator


def closed_by_a_with_statement(records):
    with closing(iter_deaggregate_records(records)) as iterator:
        next(iterator)
    return iterator


ENDS = [exhausted, failed, closed, closed_in_the_middle, closed_by_a_with_statement]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("wrap", [WeakList, tuple, iter])
def test_finished_for_good(end, wrap):
    records = WeakList([AGGREGATE, PLAIN, AGGREGATE])
    iterator = end(records) if wrap is WeakList else end_of_wrapped(end, wrap)
    records.append(PLAIN)
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(iterator)
    assert iterator.close() is None
    assert references(iterator) == []


def end_of_wrapped(end, wrap):
    """Ends an iterator over another iterable; an append makes only a list fail."""
    records = [AGGREGATE, PLAIN, AGGREGATE]
    if end is failed:
        iterator = iter_deaggregate_records(wrap([*records, {}]))
        with pytest.raises(KeyError):
            list(iterator)
        return iterator
    return end(wrap(records))


@pytest.mark.parametrize("end", ENDS)
def test_finished_iterator_refers_to_nothing(end):
    records = WeakList(WeakDict(each) for each in [AGGREGATE, PLAIN, AGGREGATE])
    watched = [weakref.ref(records), *map(weakref.ref, records)]
    iterator = end(records)
    del records
    assert [reference() for reference in watched] == [None] * 4
    assert references(iterator) == []


def test_dropped_iterator_is_released_without_the_collector():
    records = WeakList([WeakDict(AGGREGATE), WeakDict(PLAIN)])
    watched = [weakref.ref(records), *map(weakref.ref, records)]
    gc.disable()
    try:
        iterator = iter_deaggregate_records(records)
        next(iterator)
        del records, iterator
        assert [reference() for reference in watched] == [None] * 3
    finally:
        gc.enable()


def test_running_iterator_releases_each_finished_record():
    watched = []

    def source():
        for each in [AGGREGATE, PLAIN, AGGREGATE]:
            each = WeakDict(each)
            watched.append(weakref.ref(each))
            yield each
            del each

    iterator = iter_deaggregate_records(source())
    for _ in range(3):
        next(iterator)
    assert watched[0]() is None
    next(iterator)
    assert [reference() is None for reference in watched[:2]] == [True, True]


def test_closing_ends_a_generator_that_is_the_input():
    ended = []

    def source():
        try:
            yield AGGREGATE
        finally:
            ended.append(True)

    iterator = iter_deaggregate_records(source())
    next(iterator)
    assert not ended
    iterator.close()
    assert ended


class Stop(BaseException):
    """Like KeyboardInterrupt, not an Exception."""


def test_exception_of_the_input_is_passed_on_and_finishes_the_iterator():
    error = Stop("mine")

    def source():
        yield PLAIN
        raise error

    iterator = iter_deaggregate_records(source())
    assert next(iterator) is PLAIN
    with pytest.raises(Stop) as caught:
        next(iterator)
    assert caught.value is error
    assert list(iterator) == []
    assert references(iterator) == []


class Stopping(collections.UserDict):
    """A record whose methods raise StopIteration."""

    def __getitem__(self, name):
        raise StopIteration


class StoppingRecords:
    def __iter__(self):
        raise StopIteration


@pytest.mark.parametrize("records", [[PLAIN, Stopping(PLAIN), PLAIN], StoppingRecords()])
def test_stop_iteration_from_within_is_not_taken_for_the_end(records):
    for function in (deaggregate_records, lambda records: list(iter_deaggregate_records(records))):
        with pytest.raises(RuntimeError) as caught:
            function(records)
        assert type(caught.value.__cause__) is StopIteration


# Re-entry


class Reentry:
    """Enters the iterator from user code that the iterator runs."""

    def __init__(self):
        self.iterator = None
        self.refused = []

    def enter(self):
        for entry in (next, type(self.iterator).close):
            try:
                entry(self.iterator)
            except ValueError as error:
                self.refused.append(str(error))


class ReentrantRecords:
    """An iterable that enters the iterator both in __iter__ and in __next__."""

    def __init__(self, reentry, records):
        self.reentry = reentry
        self.records = iter(records)

    def __iter__(self):
        self.reentry.enter()
        return self

    def __next__(self):
        self.reentry.enter()
        return next(self.records)


def outputs_of(iterator, reentry):
    reentry.iterator = iterator
    try:
        return list(iterator)
    finally:
        reentry.iterator = None


def test_entering_it_from_the_input():
    reentry = Reentry()
    iterator = iter_deaggregate_records(ReentrantRecords(reentry, [AGGREGATE, PLAIN]))
    assert outputs_of(iterator, reentry) == deaggregate_records([AGGREGATE, PLAIN])
    assert len(reentry.refused) == 2 * (1 + 3)


def test_entering_it_from_a_logging_handler():
    reentry = Reentry()

    class Handler(logging.Handler):
        def emit(self, log_record):
            reentry.enter()

    handler = Handler()
    logger = logging.getLogger("aws_kpl_deagg")
    logger.addHandler(handler)
    try:
        output = outputs_of(iter_deaggregate_records([DAMAGED, PLAIN]), reentry)
    finally:
        logger.removeHandler(handler)
    assert output == [DAMAGED, PLAIN]
    assert len(reentry.refused) == 2


def test_entering_it_from_a_generator_that_does_not_catch():
    def source():
        yield PLAIN
        yield next(iterator)

    iterator = iter_deaggregate_records(source())
    assert next(iterator) is PLAIN
    with pytest.raises(ValueError, match="executing"):
        next(iterator)
    assert list(iterator) == []


def test_entering_it_from_another_thread():
    inside, go_on = threading.Event(), threading.Event()

    def source():
        yield PLAIN
        inside.set()
        go_on.wait(TIMEOUT)
        yield AGGREGATE

    iterator = iter_deaggregate_records(source())
    output = []
    thread = threading.Thread(target=lambda: output.extend(iterator))
    thread.start()
    try:
        assert inside.wait(TIMEOUT)
        with pytest.raises(ValueError, match="executing"):
            next(iterator)
        with pytest.raises(ValueError, match="executing"):
            iterator.close()
    finally:
        go_on.set()
        thread.join(TIMEOUT)
    assert output == deaggregate_records([PLAIN, AGGREGATE])
    assert references(iterator) == []


# with


def test_the_end_of_a_with_block_closes_the_iterator():
    records = WeakList([AGGREGATE, PLAIN])
    watched = weakref.ref(records)
    with iter_deaggregate_records(records) as iterator:
        del records
        assert next(iterator)["kinesis"]["subSequenceNumber"] == 0
        assert watched() is not None
    assert watched() is None
    assert list(iterator) == []


def test_an_exception_leaves_a_with_block_and_closes_the_iterator():
    with (
        pytest.raises(ZeroDivisionError),
        iter_deaggregate_records([AGGREGATE, PLAIN]) as iterator,
    ):
        raise ZeroDivisionError
    assert list(iterator) == []


def test_a_closed_iterator_yields_nothing_in_a_with_block():
    iterator = iter_deaggregate_records([AGGREGATE])
    iterator.close()
    with iterator as same:
        assert same is iterator
        assert list(iterator) == []


def test_a_with_block_cannot_end_while_the_iterator_runs():
    def leaving():
        with pytest.raises(ValueError, match="already executing"):
            iterator.__exit__(None, None, None)
        yield from [AGGREGATE, PLAIN]

    iterator = iter_deaggregate_records(leaving())
    assert len(list(iterator)) == 3
