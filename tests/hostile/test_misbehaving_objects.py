"""Objects that misbehave, except mappings: payloads, buffers, options, loggers, our own types."""

import array
import copy
import ctypes
import logging
import mmap
import pickle
import sys
import textwrap

import pytest
from aggregates import (
    ALL_HASH_KEYS,
    BUILDERS,
    aggregated_kinesis_record,
    base64_text,
    boto3_record,
    firehose_record,
    kinesis_record,
    message,
    payload,
    record,
)
from child_process import run

from aws_kpl_deagg import deaggregate_records, is_aggregated, iter_deaggregate_records, unpack

MESSAGE = message([b"key"], [record(0, b"1"), record(0, b"2")])
PAYLOAD = payload(MESSAGE)
TEXT = base64_text(PAYLOAD)
AGGREGATE = aggregated_kinesis_record(MESSAGE)
DAMAGED = kinesis_record(PAYLOAD[:-1])
LOGGER = logging.getLogger("aws_kpl_deagg")


# Subclasses of str and int


class EvilStr(str):
    """Every method that could replace its characters raises."""

    def fail(self, *arguments):
        raise AssertionError

    encode = __len__ = __getitem__ = __iter__ = __contains__ = startswith = __str__ = fail


class EvilInt(int):
    def fail(self, *arguments):
        raise AssertionError

    to_bytes = __index__ = __int__ = __lt__ = __gt__ = __le__ = __ge__ = __eq__ = __hash__ = fail


@pytest.mark.parametrize("source", BUILDERS)
@pytest.mark.parametrize("text", [TEXT, TEXT[:9] + "\n" + TEXT[9:]], ids=["clean", "odd"])
def test_str_subclass_as_payload_is_read_by_its_characters(source, text):
    expected = deaggregate_records([BUILDERS[source](text)])
    assert deaggregate_records([BUILDERS[source](EvilStr(text))]) == expected
    assert len(expected) == 2


def test_int_subclasses_as_hash_key_range_are_read_by_their_value():
    evil_range = tuple(map(EvilInt, ALL_HASH_KEYS))
    assert len(deaggregate_records([AGGREGATE], hash_key_range=evil_range)) == 2


# Buffers


def ctypes_buffer(content):
    return (ctypes.c_char * len(content)).from_buffer_copy(content)


def memory_map(content):
    memory = mmap.mmap(-1, len(content))
    memory[:] = content
    return memory


def released(content):
    view = memoryview(content)
    view.release()
    return view


BUFFERS = {
    "bytearray": bytearray,
    "memoryview": memoryview,
    "array": lambda content: array.array("b", content),
    "ctypes": ctypes_buffer,
    "mmap": memory_map,
    "two-dimensional": lambda content: memoryview(content).cast("B", [1, len(content)]),
}


@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("build", [boto3_record, kinesis_record])
def test_buffers_of_all_kinds(kind, build):
    content = BUFFERS[kind](PAYLOAD if build is boto3_record else TEXT.encode())
    one = build(PAYLOAD)
    (one if build is boto3_record else one["kinesis"]).update({"Data": content, "data": content})
    user_records = deaggregate_records([one])
    assert [each["kinesis"]["data"] for each in user_records] == ["MQ==", "Mg=="]


@pytest.mark.parametrize("call", [is_aggregated, unpack])
@pytest.mark.parametrize("kind", BUFFERS)
def test_buffers_without_a_record(kind, call):
    assert call(BUFFERS[kind](PAYLOAD))


@pytest.mark.parametrize(
    ("content", "error"),
    [(released(PAYLOAD), ValueError), (memoryview(PAYLOAD * 2)[::2], TypeError)],
    ids=["released", "not contiguous"],
)
def test_buffers_that_cannot_be_read(content, error):
    for call in (is_aggregated, unpack, lambda data: deaggregate_records([boto3_record(data)])):
        with pytest.raises(error):
            call(content)


class Exporter:
    """A buffer in Python code."""

    def __init__(self, answer, on_release=lambda: None):
        self.answer = answer
        self.on_release = on_release

    def __buffer__(self, flags):
        return self.answer() if callable(self.answer) else self.answer

    def __release_buffer__(self, view):
        self.on_release()
        view.release()


class TupleOfText(tuple):
    """A tuple with a buffer of its own."""

    def __buffer__(self, flags):
        return memoryview(b"YnVm\nZmVy")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ came with Python 3.12")
def test_a_tuple_is_not_taken_for_arguments():
    data = TupleOfText((b"dHVwbGU=",))
    (output,) = deaggregate_records([{"kinesis": {"data": data}}], decode=True)
    assert output["kinesis"]["data"] == b"buffer"


def fail():
    raise ZeroDivisionError


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ came with Python 3.12")
@pytest.mark.parametrize(
    ("answer", "error"), [(fail, ZeroDivisionError), (b"no view", TypeError), (None, TypeError)]
)
def test_exporters_that_fail(answer, error):
    for call in (is_aggregated, unpack, lambda data: deaggregate_records([boto3_record(data)])):
        with pytest.raises(error):
            call(Exporter(answer))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ came with Python 3.12")
def test_exporter_that_enters_the_iterator_and_fails_to_release(monkeypatch):
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: unraisable.append(args.exc_type))

    def answer():
        with pytest.raises(ValueError, match="executing"):
            next(iterator)
        records.clear()
        return memoryview(PAYLOAD)

    records = [boto3_record(Exporter(answer, fail))]
    iterator = iter_deaggregate_records(records)
    assert len(list(iterator)) == 2
    assert unraisable == [ZeroDivisionError]


def test_buffer_resized_by_a_logging_handler():
    payloads = [bytearray(PAYLOAD[:-1]), bytearray(PAYLOAD)]

    class Resizing(logging.Handler):
        def emit(self, line):
            payloads[0] *= 1000
            payloads[1].clear()

    handler = Resizing()
    LOGGER.addHandler(handler)
    try:
        outputs = deaggregate_records(list(map(boto3_record, payloads)))
    finally:
        LOGGER.removeHandler(handler)
    assert [each["kinesis"]["data"] for each in outputs] == [base64_text(bytes(payloads[0])), ""]


# Logging


EVIL_LOGGING = {
    "filter": ("logger.addFilter(lambda line: 1 / 0)", "ZeroDivisionError"),
    "isEnabledFor": ("logger.isEnabledFor = lambda level: 1 / 0", "ZeroDivisionError"),
    "no method": ("logger.warning = logger.info = None", "TypeError"),
    "a module without getLogger": ("sys.modules['logging'] = sys", "AttributeError"),
    "no module": ("sys.modules['logging'] = None", "ModuleNotFoundError"),
    "an int as module": ("sys.modules['logging'] = 7", "AttributeError"),
    "getLogger that returns None": ("logging.getLogger = lambda name: None", "AttributeError"),
    "a logger class": ("logger.__class__ = Evil", "ZeroDivisionError"),
    "deep recursion": ("logger.warning = logger.info = recurse", "RecursionError"),
}

WITH_EVIL_LOGGING = """
import logging, sys
from aws_kpl_deagg import deaggregate_records

class Evil(logging.Logger):
    __getattribute__ = lambda self, name: 1 / 0

def recurse(*_):
    raise RecursionError("as deep recursion would")

logger = logging.getLogger("aws_kpl_deagg")
logger.setLevel(logging.INFO)
sys.unraisablehook = lambda unraisable: print(unraisable.exc_type.__name__)
CHANGE
damaged, aggregate = RECORDS
print(deaggregate_records([damaged])[0] is damaged)
print(deaggregate_records([aggregate], hash_key_range=(0, 0)) == [])
"""


@pytest.mark.parametrize("case", EVIL_LOGGING)
def test_no_record_is_lost_to_logging(case):
    change, error = EVIL_LOGGING[case]
    program = WITH_EVIL_LOGGING.replace("CHANGE", change)
    output = run(program.replace("RECORDS", repr([DAMAGED, AGGREGATE])))
    assert output == [error, "True", error, "True"]


# Misuse of our own types and module


def test_only_the_function_makes_iterators():
    iterator = iter_deaggregate_records([AGGREGATE])
    for make in (
        type(iterator),
        lambda: object.__new__(type(iterator)),
        lambda: copy.copy(iterator),
        lambda: pickle.dumps(iterator),
        lambda: type("Subclass", (type(iterator),), {}),
    ):
        with pytest.raises(TypeError):
            make()


def test_list_sorted_while_it_is_iterated():
    records = [AGGREGATE, AGGREGATE]
    iterator = iter_deaggregate_records(records)
    next(iterator), next(iterator)
    seen = []
    records.sort(key=lambda each: seen.append(next(iterator, None)) or 0)
    assert seen == [None, None]


def test_endless_recursion():
    class Endless(dict):
        def __contains__(self, key):
            return deaggregate_records([self])

    with pytest.raises(RecursionError):
        deaggregate_records([Endless(AGGREGATE)])


CRASHES = {
    "a UserRecord of no values": """
        class Empty(tuple):
            __slots__ = ()

        class Both(Empty, aws_kpl_deagg.UserRecord):
            __slots__ = ()

        one = Both(())
        for call in (repr, Both._asdict, Both.__reduce__, lambda one: one.data):
            call(one)
        """,
    "a tuple that becomes a UserRecord": """
        class Empty(tuple):
            __slots__ = ()

        one = Empty(())
        one.__class__ = aws_kpl_deagg.UserRecord
        repr(one)
        """,
    "a module before it is executed": """
        module = importlib.util.module_from_spec(aws_kpl_deagg._deagg.__spec__)
        for call in (module.deaggregate_records, module.iter_deaggregate_records):
            call([])
        """,
    "binascii replaced": """
        sys.modules["binascii"] = types.SimpleNamespace(a2b_base64=lambda text: 2**28 * 5e-324)
        aws_kpl_deagg.deaggregate_records([FIREHOSE])
        """,
    "an error's arguments that raise": """
        class Error(aws_kpl_deagg.AggregateError):
            args = property(lambda self: 1 / 0)

        str(Error(1, 2))
        """,
    "arguments taken away while they are parsed": """
        class Replacing:
            def __bool__(self):
                for each in gc.get_referrers(self):
                    if type(each) is dict and "records" in each:
                        each["records"] = None
                reused = [[i] for i in range(1000)]
                return False

        def arguments():
            records = [{"kinesis": {"data": "eA=="}} for _ in range(3)]
            return {"records": records, "decode": Replacing(), "hash_key_range": (1, 2**100)}

        aws_kpl_deagg.deaggregate_records(**arguments())
        """,
}

SURVIVED = """
import contextlib, gc, importlib.util, sys, types
import aws_kpl_deagg._deagg

def misbehave():
BODY

with contextlib.suppress(Exception):
    misbehave()
print("survived")
"""


@pytest.mark.parametrize("case", CRASHES)
def test_at_worst_an_exception_is_raised(case):
    body = textwrap.indent(textwrap.dedent(CRASHES[case]), "    ")
    odd = firehose_record("")
    odd["data"] = b"cGx\nhaW4="
    assert run(SURVIVED.replace("BODY", body.replace("FIREHOSE", repr(odd)))) == ["survived"]
