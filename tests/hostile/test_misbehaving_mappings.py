"""Mappings, and keys of dicts, whose code raises or changes the input, wherever it runs.

They act at the n-th call of any of their methods, for each n in turn.
"""

import functools
import gc
import itertools

import pytest
from aggregates import ALL_HASH_KEYS, BUILDERS, message, payload, record, text_of_data
from mappings import (
    Trap,
    TrappedMapping,
    content_of,
    contents_of,
    trap_everywhere,
    with_trapped_keys,
)

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records
from aws_kpl_deagg._deagg import UserRecordIterator

PAYLOAD = payload(message([b"key", b"other"], [record(0, b"1", 0), record(1, b"2")], [b"7"]))
WRAPPERS = {"mapping": TrappedMapping, "key": with_trapped_keys}


def drained(records, **options):
    return list(iter_deaggregate_records(records, **options))


FUNCTIONS = {"list": deaggregate_records, "iterator": drained}


def without_trapped_keys(user_record):
    """A user record without the keys that this test has added."""
    return {
        key: without_trapped_keys(value) if isinstance(value, dict) else value
        for key, value in user_record.items()
        if isinstance(key, str)
    }


def build(source, data=PAYLOAD):
    return BUILDERS[source](data if source == "boto3" else text_of_data(data))


def trapped(source, wrap, trap, data=PAYLOAD):
    return trap_everywhere(WRAPPERS[wrap], build(source, data), trap)


@pytest.fixture(params=BUILDERS)
def source(request):
    return request.param


@pytest.fixture(params=WRAPPERS)
def wrap(request):
    return request.param


@pytest.fixture(params=FUNCTIONS)
def function(request):
    return FUNCTIONS[request.param]


def snapshot(one):
    """The items of a trapped record."""
    return [list(content.items()) for content in contents_of(one)]


# Raising


class Stop(BaseException):
    """Not an Exception."""


ERRORS = [
    KeyError,
    StopIteration,
    GeneratorExit,
    KeyboardInterrupt,
    RecursionError,
    MemoryError,
    BufferError,
    OverflowError,
    Stop,
]


def raising(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize("error_type", ERRORS)
def test_their_exceptions_are_passed_on(source, wrap, function, error_type):
    expected = deaggregate_records([build(source)])
    for nth in itertools.count():
        error = error_type("mine")
        trap = Trap()
        one = trapped(source, wrap, trap)
        before = snapshot(one)
        trap.arm(nth, raising(error))
        caught = outputs = None
        try:
            outputs = function([build(source), one])
        except BaseException as raised:
            caught = raised
        assert snapshot(one) == before
        if not trap.was_sprung:
            break
        if caught is None:
            # The lookahead ran into it; the key was not compared again at the record's turn.
            assert wrap == "key"
            assert issubclass(error_type, Exception)
            assert list(map(without_trapped_keys, outputs)) == expected * 2
        elif error_type is StopIteration:
            assert type(caught) is RuntimeError
            assert caught.__cause__ is error
        else:
            assert caught is error
    assert nth > 3
    assert list(map(without_trapped_keys, outputs)) == expected * 2


# Entering, collecting, dropping


@pytest.mark.parametrize(
    "data", [PAYLOAD, PAYLOAD[:-1], b"plain"], ids=["sound", "damaged", "plain"]
)
@pytest.mark.parametrize("action", ["next", "close", "list", "collect"])
def test_they_can_neither_enter_nor_disturb_the_iterator(source, wrap, data, action):
    expected = list(map(without_trapped_keys, drained([build(source, data), build(source)])))
    refused = []

    def act():
        if action == "collect":
            gc.collect(0)
            return
        entry = {"next": next, "close": UserRecordIterator.close, "list": list}[action]
        with pytest.raises(ValueError, match="already executing"):
            entry(iterator)
        refused.append(True)

    for nth in itertools.count():
        refused.clear()
        trap = Trap()
        one = trapped(source, wrap, trap, data)
        iterator = iter_deaggregate_records([one, build(source)])
        trap.arm(nth, act)
        outputs = list(iterator)
        assert (outputs[0] is one) == (source == "Lambda" and data is not PAYLOAD)
        if outputs[0] is one:
            outputs[0] = build(source, data)
        assert list(map(without_trapped_keys, outputs)) == expected
        if not trap.was_sprung:
            break
        assert len(refused) == (action != "collect")
    assert nth > 1


def drop_all(records):
    records.clear()
    gc.collect(0)


def test_they_may_drop_the_last_reference(source, wrap):
    expected = deaggregate_records([build(source)])
    for nth in itertools.count():
        trap = Trap()
        records = [trapped(source, wrap, trap)]
        iterators = [iter_deaggregate_records(records)]
        trap.arm(nth, functools.partial(drop_all, records))
        assert without_trapped_keys(next(iterators.pop())) == expected[0]
        if not trap.was_sprung:
            break
    assert nth > 3


# Changing the input


def clear_record(records, one):
    content_of(one).clear()


def clear_all(records, one):
    for content in contents_of(one):
        content.clear()


def grow(records, one):
    for content in contents_of(one):
        content.update({str(number): number for number in range(100)})


def replace_values(records, one):
    for content in contents_of(one):
        content.update(dict.fromkeys(list(content), None))


def replace_payload(records, one):
    for content in contents_of(one):
        for key in list(content):
            if isinstance(key, str) and key.lower() == "data":
                content[key] = bytearray(b"84mawg==")


def clear_list(records, one):
    records.clear()


def grow_list(records, one):
    records += [build("Lambda")] * 50


def replace_list(records, one):
    records[:] = [None] * 5


CHANGES = [
    clear_record,
    clear_all,
    grow,
    replace_values,
    replace_payload,
    clear_list,
    grow_list,
    replace_list,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("options", [{}, {"decode": True}, {"hash_key_range": ALL_HASH_KEYS}])
def test_a_change_of_the_input_is_seen_or_raises(source, wrap, function, change, options):
    sound = deaggregate_records([build(source)], **options)
    for nth in itertools.count():
        trap = Trap()
        one = trapped(source, wrap, trap)
        first = build(source)
        records = [first, one, build(source)]
        trap.arm(nth, functools.partial(change, records, one))
        try:
            outputs = function(records, **options)
        except (KeyError, TypeError, RuntimeError) as error:
            outputs = error
        assert first == build(source)
        if isinstance(outputs, list):
            assert all(
                type(each["kinesis"]["data"]) in (str, bytes)
                for each in outputs
                if each is not one
            )
            assert list(map(without_trapped_keys, outputs[:2])) == sound
        if not trap.was_sprung:
            break
    assert nth > 3
    assert list(map(without_trapped_keys, outputs)) == sound * 3


class EmptiesItsKeys(dict):
    """Finds the list of its keys through the collector while it is read, and empties it."""

    def keys(self):
        return [*super().keys(), "marker", "more", "and more"]

    def __getitem__(self, key):
        for each in gc.get_objects():
            if type(each) is list and "marker" in each[-3:-2]:
                each.clear()
        return super().__getitem__(key) if key in self else None


@pytest.mark.parametrize(
    "kinesis_record",
    [
        EmptiesItsKeys(build("Lambda"), first=1),
        {"kinesis": EmptiesItsKeys(build("Lambda")["kinesis"], first=1)},
        EmptiesItsKeys(build("boto3"), first=1),
    ],
    ids=["outer", "inner", "boto3"],
)
def test_list_of_keys_that_shrinks_while_it_is_read(kinesis_record):
    user_record, _ = deaggregate_records([kinesis_record])
    assert user_record["kinesis"]["partitionKey"] == "key"


class Unlike:
    """A key that must not be compared with others, whose hashes differ from its own."""

    def __eq__(self, other):
        raise AssertionError("compared")

    def __hash__(self):
        return 1


@pytest.mark.parametrize("data", [PAYLOAD, b"plain"], ids=["aggregate", "plain"])
@pytest.mark.parametrize("source", [name for name in BUILDERS if name != "Lambda"])
def test_keys_are_compared_only_if_their_hashes_are_equal(source, data):
    key = Unlike()
    for output in deaggregate_records([{**BUILDERS[source](data), key: "value"}]):
        assert output["kinesis"][key] == "value"


class DeniesItsKeys(dict):
    """A mapping whose `in` denies a key that it has."""

    def __contains__(self, key):
        return key != "extra" and super().__contains__(key)


@pytest.mark.parametrize("source", ["Firehose", "Analytics", "Pipes"])
def test_a_key_that_the_mapping_names_is_not_lost(source):
    (output,) = deaggregate_records([DeniesItsKeys(BUILDERS[source](b"plain"), extra="value")])
    assert output["kinesis"]["extra"] == "value"
