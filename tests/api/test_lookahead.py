"""Payloads are opened several at a time, and nothing that a caller can see depends on it.

A list or tuple is looked ahead into; an iterator is not, so that what comes out for an iterator
over the same list is what has to come out.
"""

import base64
import gc
import itertools
import logging
import sys

import oracle
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
from comparison import assert_same_outputs, logged
from list_changes import CHANGES, aggregate, batch, damaged, plain

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records

# A list that changes while it is iterated


def test_binary_payload_that_becomes_text():
    """The same bytes are an aggregate from boto3, and no base64 from Lambda."""
    binary = payload(message([b"k" * 61], [record(0)]))  # b"=" tells its key's size
    records = [boto3_record(payload(message([b"key"], [record(0)]))), boto3_record(binary)]
    iterator = iter_deaggregate_records(records)
    next(iterator)
    records[1] = kinesis_record(b"")
    records[1]["kinesis"]["data"] = binary
    assert list(iterator) == deaggregate_records(records[1:]) == [records[1]]


def one_at_a_time(records):
    yield from records


def outcome_of(wrap, change, steps, at):
    """What comes out around the change, the error that ends it, and the log lines."""
    records = batch()
    iterator = iter_deaggregate_records(wrap(records))
    error = None
    with logged() as entries:
        outputs = list(itertools.islice(iterator, steps))
        change(records, at)
        try:
            for output in iterator:
                outputs.append(output)
        except (KeyError, TypeError) as caught:
            error = repr(caught)
    return outputs, error, list(entries)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("at", [1, 2, 7, 20, 31, 32, 33, 39])
@pytest.mark.parametrize("steps", [1, 2, 3, 41])
def test_changing_a_list_is_seen_as_without_looking_ahead(change, at, steps):
    expected = outcome_of(one_at_a_time, change, steps, at)
    assert outcome_of(lambda records: records, change, steps, at) == expected


@pytest.mark.parametrize("change", CHANGES)
def test_changing_the_list_again_and_again(change):
    """Whatever was opened for a record, a change at every step leaves nothing of it behind."""
    outcomes = []
    for wrap in (one_at_a_time, lambda records: records):
        records = batch(40)
        iterator = iter_deaggregate_records(wrap(records))
        outputs = []
        with logged() as entries:
            try:
                for output in itertools.islice(iterator, 150):
                    outputs.append(output)
                    if len(records) > 3:
                        change(records, (7 * len(outputs)) % (len(records) - 1) + 1)
            except (KeyError, TypeError) as caught:
                outputs.append(repr(caught))
        outcomes.append((outputs, list(entries)))
    assert outcomes[0] == outcomes[1]


def test_a_payload_that_changes_in_place():
    outcomes = []
    for wrap in (list, iter):
        records = [aggregate(b"%d" % i, b"x") for i in range(5)]
        for each in records:
            each["kinesis"]["data"] = bytearray(each["kinesis"]["data"].encode())
        iterator = iter_deaggregate_records(wrap(records))
        outputs = [next(iterator)]
        records[2]["kinesis"]["data"][:] = aggregate(b"7", b"y")["kinesis"]["data"].encode()
        outcomes.append(outputs + list(iterator))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][4]["kinesis"]["data"] == "Nw=="


def test_payloads_are_those_of_a_tuple_s_records_too():
    records = tuple(batch())
    iterator = iter_deaggregate_records(records)
    next(iterator)
    records[5]["kinesis"]["data"] = aggregate(b"new")["kinesis"]["data"]
    assert list(iterator) == deaggregate_records(iter(records))[1:]


# Turns


def test_log_lines_appear_at_their_record_s_turn():
    records = [
        aggregate(b"0"),
        damaged(sequence_number="1"),
        *batch(5),
        damaged(sequence_number="7"),
        plain(),
        damaged(sequence_number="9"),
    ]
    with logged() as entries:
        seen = [len(entries) for _ in iter_deaggregate_records(records)]
    assert seen == [0, 1, *[1] * 10, 2, 2, 3]
    assert [sequence_number for sequence_number, _ in entries] == ["1", "7", "9"]


def test_nothing_is_logged_of_a_record_that_is_never_reached():
    iterator = iter_deaggregate_records([aggregate(), damaged(), damaged()])
    with logged() as entries:
        next(iterator)
        iterator.close()
    assert entries == []


def test_strict_errors_appear_at_their_record_s_turn():
    records = [*batch(3), damaged(sequence_number="3"), *batch(3)]
    iterator = iter_deaggregate_records(records, strict=True)
    assert len(list(itertools.islice(iterator, 6))) == 6
    with pytest.raises(AggregateError) as caught:
        next(iterator)
    assert caught.value.sequence_number == "3"
    assert list(iterator) == []


class FailingKey:
    """A key that has the hash of `name` and fails when it is compared."""

    def __init__(self, name):
        self.name = name
        self.fails = False

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        if self.fails:
            raise ArithmeticError
        return False


@pytest.mark.parametrize("name", ["kinesis", "data"])
def test_errors_of_a_dict_s_keys_appear_at_their_record_s_turn(name):
    key = FailingKey(name)
    bad = aggregate(b"bad")
    if name == "kinesis":
        bad = {key: 1, **bad}
    else:
        bad["kinesis"] = {key: 1, **bad["kinesis"]}
    key.fails = True
    iterator = iter_deaggregate_records([*batch(3), bad, *batch(3)])
    assert len(list(itertools.islice(iterator, 6))) == 6
    with pytest.raises(ArithmeticError):
        next(iterator)


def test_the_logger_may_change_later_records():
    """Foreign code runs at a damaged record's turn, when those behind it are open already."""
    records = [aggregate(b"0"), damaged(), *batch(5)]

    class Replacing(logging.Handler):
        def emit(self, log_record):
            records[4] = aggregate(b"new")
            del records[6:]

    handler = Replacing()
    logger = logging.getLogger("aws_kpl_deagg")
    logger.addHandler(handler)
    try:
        with logged():
            outputs = deaggregate_records(records)
    finally:
        logger.removeHandler(handler)
    assert outputs == oracle.deaggregate_records(records)


# Many of them


def mixed_list(kind):
    """Some 200 Kinesis records of all kinds, of which `kind` says how they are mixed."""
    big = [b"%d" % i * 30_000 for i in range(3)]
    if kind == "more than are opened at a time":
        return batch(150)
    if kind == "more bytes than are opened at a time":
        return [aggregate(*big, b"%d" % i, sequence_number=str(i)) for i in range(30)]
    if kind == "one larger than is opened at a time":
        return [*batch(3), aggregate(b"x" * 3_000_000), *batch(3), aggregate(b"y" * 2_000_000)]
    if kind == "far between plain ones":
        return [
            each
            for i in range(4)
            for each in (aggregate(b"%d" % i), *[plain() for _ in range(70)])
        ]
    if kind == "damaged in between":
        odd = [damaged(b"%d" % i, str(i)) for i in range(40)]
        return [each for pair in zip(batch(40), odd, strict=True) for each in pair]
    empty = aggregated_kinesis_record(message([b"key"]))
    short = kinesis_record(b"\xf3\x89\x9a\xc2" + b"?" * 16, sequence_number="short")
    no_base64 = kinesis_record("84mawgoD???", sequence_number="no base64")
    no_message = aggregated_kinesis_record(b"\0", sequence_number="no message")
    odd = [empty, short, plain(), no_base64, no_message, kinesis_record("\u20ac")]
    wrapped = [kinesis_record(base64.encodebytes(payload(message([b"k"], [record(0)]))))]
    return [each for one in batch(60) for each in (one, *odd, *wrapped)]


KINDS = [
    "more than are opened at a time",
    "more bytes than are opened at a time",
    "one larger than is opened at a time",
    "far between plain ones",
    "damaged in between",
    "every kind",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrap", [list, tuple, iter])
def test_many_are_read_as_the_oracle_reads_them(kind, wrap):
    records = mixed_list(kind)
    expected, expected_log = oracle.deaggregate(records)
    with logged() as entries:
        outputs = deaggregate_records(wrap(records))
    assert_same_outputs(outputs, expected, records)
    assert entries == expected_log


class StrSubclass(str):
    pass


class BytesSubclass(bytes):
    pass


TYPES = [
    str,
    str.encode,
    StrSubclass,
    lambda text: BytesSubclass(text.encode()),
    lambda text: bytearray(text.encode()),
    lambda text: memoryview(text.encode()),
]


@pytest.mark.parametrize("shift", range(len(TYPES)))
def test_payloads_of_all_types_mixed(shift):
    records = batch(50) + [damaged(sequence_number=str(i)) for i in range(20)]
    for i, each in enumerate(records):
        to_type = TYPES[(i + i // 7 + shift) % len(TYPES)]
        each["kinesis"]["data"] = to_type(each["kinesis"]["data"])
    expected, expected_log = oracle.deaggregate(records)
    with logged() as entries:
        assert_same_outputs(deaggregate_records(records), expected, records)
    assert entries == expected_log


@pytest.mark.parametrize("to_type", [bytes, BytesSubclass, bytearray, memoryview, base64_text])
@pytest.mark.parametrize("wrap", [list, iter])
def test_payloads_of_boto3(to_type, wrap):
    records = []
    for i, each in enumerate([*batch(50), plain(), damaged(), *batch(5)]):
        content = base64.b64decode(each["kinesis"]["data"])
        data = to_type(content) if i % 3 else content
        records.append({"SequenceNumber": str(i), "Data": data, "PartitionKey": "a"})
    expected = []
    for i, each in enumerate([*batch(50), plain(), damaged(), *batch(5)]):
        outputs = oracle.deaggregate_records([each])
        expected += [(str(i), output["kinesis"]["data"]) for output in outputs]
    with logged() as entries:
        outputs = deaggregate_records(wrap(records))
    kinesis = [output["kinesis"] for output in outputs]
    assert [(each["sequenceNumber"], each["data"]) for each in kinesis] == expected
    assert entries == [("51", oracle.WRONG_DIGEST)]


# What it holds


def test_a_closed_iterator_holds_no_later_payload():
    records = batch()
    payloads = [each["kinesis"]["data"] for each in records]
    gc.collect()
    before = list(map(sys.getrefcount, payloads))
    iterator = iter_deaggregate_records(records)
    next(iterator)
    iterator.close()
    assert list(map(sys.getrefcount, payloads)) == before


@pytest.mark.parametrize("steps", [80, 81])
def test_an_iterator_at_its_end_holds_no_payload(steps):
    records = batch()
    payloads = [each["kinesis"]["data"] for each in records]
    before = list(map(sys.getrefcount, payloads))
    iterator = iter_deaggregate_records(records)
    assert len(list(itertools.islice(iterator, steps))) == 80
    assert list(map(sys.getrefcount, payloads)) == before


def test_an_iterator_that_failed_holds_no_payload():
    records = [*batch(3), {}, *batch(3)]
    payloads = [each["kinesis"]["data"] for each in records if each]
    before = list(map(sys.getrefcount, payloads))
    iterator = iter_deaggregate_records(records)
    with pytest.raises(KeyError):
        list(iterator)
    assert list(map(sys.getrefcount, payloads)) == before


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_no_later_buffer_is_held_between_two_results(kind):
    records = batch(5)
    for each in records:
        each["kinesis"]["data"] = kind(each["kinesis"]["data"].encode())
    views = [memoryview(each["kinesis"]["data"]) for each in records]
    for each, view in zip(records, views, strict=True):
        each["kinesis"]["data"] = view
    iterator = iter_deaggregate_records(records)
    next(iterator)
    for view in views:
        view.release()  # BufferError while an exported buffer is held
