"""Objects of the package as garbage, and the code that runs while they are released."""

import gc
import sys
import sysconfig
import weakref

import pytest
from aggregates import kinesis_record, message, payload, record
from child_process import run

from aws_kpl_deagg import AggregateError, UserRecord, iter_deaggregate_records, unpack
from aws_kpl_deagg._deagg import UserRecordIterator

PAYLOAD = payload(message([b"key"], [record(0, b"%d" % i) for i in range(3)]))


class Node(list):
    """A list that can be watched with a weak reference."""


def with_values(value):
    """An aggregate with `value` among its metadata, on both levels."""
    one = kinesis_record(PAYLOAD)
    one["outer"] = one["kinesis"]["inner"] = value
    return one


def half_way(value, *others):
    """An unfinished iterator, whose templates alone refer to `value`."""
    iterator = iter_deaggregate_records(iter([with_values(value), *others]))
    next(iterator)
    return iterator


# Cycles


def error_with_arguments(node):
    return AggregateError(node, node)


def error_with_a_cause(node):
    error = AggregateError("1", "too short")
    error.__cause__ = error.__context__ = AggregateError(node)
    return error


def error_with_an_attribute(node):
    error = AggregateError("1", "too short")
    error.node = node
    return error


def error_with_a_traceback(node):
    try:
        unpack(PAYLOAD[:-1])
    except AggregateError as error:
        return error


def error_of_a_subclass(node):
    return type("Error", (AggregateError,), {"node": node})(node)


def iterator_in_an_error(node):
    return AggregateError(half_way(node))


CYCLES = [
    error_with_arguments,
    error_with_a_cause,
    error_with_an_attribute,
    error_with_a_traceback,
    pytest.param(
        error_of_a_subclass,
        marks=pytest.mark.skipif(
            sysconfig.get_config_var("Py_GIL_DISABLED") == 1,
            reason="a free-threaded 3.13 keeps every class once a thread has run",
        ),
    ),
    iterator_in_an_error,
    half_way,
    lambda node: iter_deaggregate_records(node),
    lambda node: UserRecord(node, node, node, node),
    lambda node: UserRecord("key", None, half_way(node), ()),
    lambda node: unpack(PAYLOAD)[0]._replace(data=half_way([node])),
    lambda node: next(iter_deaggregate_records([with_values(node)])),
]


@pytest.mark.parametrize("make", CYCLES)
def test_cycle_is_collected(make):
    node = Node()
    node.append(make(node))
    watched = weakref.ref(node)
    gc.collect()
    assert watched() is node
    del node
    gc.collect()
    assert watched() is None


IN_A_CYCLE = """
import gc, sys, weakref
import aws_kpl_deagg._deagg as module

module.AggregateError.me = module.AggregateError("1", "wrong digest")
watched = weakref.ref(module)
del module, sys.modules["aws_kpl_deagg._deagg"], sys.modules["aws_kpl_deagg"]
del sys.modules["aws_kpl_deagg.deaggregator"]
gc.collect()
print(watched())
"""


def test_module_is_collected_with_an_instance_on_its_type():
    assert run(IN_A_CYCLE) == ["None"]


# Code that runs while the iterator releases its references


class Entering:
    """Enters an iterator as it is released, and keeps the results and the types of the errors."""

    def __init__(self):
        self.iterator = None
        self.seen = []

    def __del__(self):
        enter(self.iterator, self.seen)


def enter(iterator, seen):
    for call in (next, UserRecordIterator.close, next):
        try:
            seen.append(call(iterator))
        except (ValueError, StopIteration) as error:
            seen.append(type(error))


def count_and_drop(iterator):
    """Keeps no user record beyond a step, so that only the iterator refers to its values."""
    return len(list(map(bool, iterator)))


def close(iterator):
    iterator.close()


def exhaust(iterator):
    assert count_and_drop(iterator) == 2


def fail(iterator):
    with pytest.raises(KeyError):
        count_and_drop(iterator)


@pytest.mark.parametrize(("end", "others"), [(close, []), (exhaust, []), (fail, [{}])])
def test_entered_by_an_object_that_it_releases(end, others):
    entering = Entering()
    seen = entering.seen
    iterator = entering.iterator = half_way(entering, *others)
    del entering
    end(iterator)
    assert seen == [ValueError] * 3
    assert next(iterator, None) is None


def test_entered_between_two_aggregates():
    entering = Entering()
    seen = entering.seen
    iterator = entering.iterator = half_way(entering, kinesis_record(b"plain"))
    del entering
    assert count_and_drop(iterator) == 3
    assert seen == [ValueError] * 3


@pytest.mark.parametrize("end", [close, exhaust])
def test_entered_by_the_callback_of_a_weak_reference(end):
    node, seen = Node(), []
    iterator = half_way(node)
    watched = weakref.ref(node, lambda reference: enter(iterator, seen))
    del node
    end(iterator)
    assert watched() is None
    assert seen == [ValueError] * 3


def test_entered_by_a_finaliser_while_it_is_garbage():
    entering = Entering()
    seen = entering.seen
    entering.iterator = half_way(entering)
    del entering
    gc.collect()
    # A result refers to the finalised object, which therefore is not garbage any more.
    user_record, closed, after = seen
    assert user_record["kinesis"]["subSequenceNumber"] == 1
    assert (closed, after) == (None, StopIteration)
    assert user_record["outer"].iterator is not None


def test_a_finaliser_brings_it_back_to_life():
    saved = []

    class Saving(Entering):
        def __del__(self):
            saved.append(self.iterator)

    saving = Saving()
    saving.iterator = half_way(saving)
    del saving
    gc.collect()
    assert [each["kinesis"]["subSequenceNumber"] for each in saved[0]] == [1, 2]


def test_it_cannot_be_found_while_it_is_freed():
    found = []

    class Searching:
        def __del__(self):
            found.append([each for each in gc.get_objects() if id(each) == identity])
            found.append(gc.get_referrers(self))

    gc.collect()
    iterator = half_way(Searching())
    identity = id(iterator)
    del iterator
    assert found == [[], []]


# Code that runs while the collector clears garbage, as only that of a buffer can

WHILE_CLEARED = """
import functools, gc, importlib.util
import aws_kpl_deagg._deagg

class Exporter:
    def __buffer__(self, flags):
        return memoryview(b"x")

    def __release_buffer__(self, view):
        outcomes = [outcome(call) for call in self.calls]
        print(outcomes[0], len(outcomes))

def outcome(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__

def source(views):
    kinesis = {**RECORD["kinesis"], "inner": views.pop()}
    yield {**RECORD, "kinesis": kinesis, "outer": views.pop()}

def make_garbage(module):
    # The collector takes them in the order in which they were made.
    first = module.iter_deaggregate_records(source(views))
    second = module.iter_deaggregate_records([RECORD, RECORD])
    exporter = Exporter()
    exporter.calls = [
        first.close,
        first.__next__,
        second.__next__,
        *(functools.partial(call, [RECORD]) for call in
          (module.deaggregate_records, module.iter_deaggregate_records)),
        *(functools.partial(call, payload) for payload in (PAYLOAD, PAYLOAD[:-1])
          for call in (module.unpack, module.is_aggregated)),
    ]
    exporter.garbage = module, first, exporter
    views.extend([memoryview(exporter), memoryview(exporter)])
    next(first)

module = aws_kpl_deagg._deagg
if COPIED:
    module = importlib.util.module_from_spec(module.__spec__)
    module.__spec__.loader.exec_module(module)
views = []
make_garbage(module)
del views, module
gc.collect()
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ came with Python 3.12")
@pytest.mark.skipif(
    sysconfig.get_config_var("Py_GIL_DISABLED") == 1,
    reason="a free-threaded Python was not seen to clear this garbage",
)
@pytest.mark.parametrize("copied", [False, True], ids=["an iterator", "its module as well"])
def test_entered_while_it_is_cleared(copied):
    values = {"RECORD": kinesis_record(PAYLOAD), "PAYLOAD": PAYLOAD, "COPIED": copied}
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    # The iterator that is cleared is closed to user code: an error, not a second release.
    assert run("\n".join(lines) + WHILE_CLEARED) == ["ValueError", "9"] * 2
