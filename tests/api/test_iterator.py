"""The iterator reads its input as the original's generator did: late, one record at a time."""

import collections
import itertools
from collections.abc import Iterator

import pytest
from aggregates import aggregated_kinesis_record, kinesis_record, message
from list_changes import aggregate, plain

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records


class ListSubclass(list):
    pass


def data_of(user_records):
    return [each["kinesis"]["data"] for each in user_records]


# The call and the first next


class Untouchable:
    """Records that must not be read."""

    def __iter__(self):
        raise AssertionError("was read")

    __len__ = __getitem__ = __length_hint__ = __iter__


def test_the_call_reads_nothing():
    iter_deaggregate_records(Untouchable())
    iter_deaggregate_records(None)


def test_the_first_next_reads_records():
    with pytest.raises(AssertionError, match="was read"):
        next(iter_deaggregate_records(Untouchable()))
    with pytest.raises(TypeError):
        next(iter_deaggregate_records(None))


def test_records_may_change_until_the_first_next():
    one, several = {}, []
    from_one, from_several = iter_deaggregate_records(one), iter_deaggregate_records(several)
    one.update(plain())
    several.append(plain())
    assert list(from_one) == [one]
    assert list(from_several) == several


def test_it_is_an_iterator_but_not_a_generator():
    iterator = iter_deaggregate_records([plain()])
    assert iter(iterator) is iterator
    assert isinstance(iterator, Iterator)
    assert not hasattr(iterator, "send")
    assert not hasattr(iterator, "throw")


# One input record at a time


def test_input_records_are_read_one_at_a_time():
    taken = []

    def source():
        for each in [aggregate(), plain(), aggregate()]:
            taken.append(each)
            yield each

    iterator = iter_deaggregate_records(source())
    assert not taken
    assert [len(taken) for _ in iterator] == [1, 1, 2, 3, 3]


def test_endless_input():
    iterator = iter_deaggregate_records(itertools.repeat(aggregate(b"x", b"y")))
    assert data_of(itertools.islice(iterator, 101)) == ["eA==", "eQ=="] * 50 + ["eA=="]


def test_aggregates_without_records_are_skipped():
    empty = aggregated_kinesis_record(message([b"key"]))
    last = plain()
    assert list(iter_deaggregate_records([empty] * 1000 + [last])) == [last]
    assert list(iter_deaggregate_records([empty])) == []


def test_every_user_record_is_a_dict_of_its_own():
    user_records = list(iter_deaggregate_records([aggregate(*[b"same"] * 3)] * 2))
    assert len({id(each) for each in user_records}) == 6
    assert len({id(each["kinesis"]) for each in user_records}) == 6


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        iter,
        ListSubclass,
        collections.deque,
        lambda records: (each for each in records),
        lambda records: dict(enumerate(records)).values(),
    ],
    ids=["list", "tuple", "iterator", "list subclass", "deque", "generator", "dict view"],
)
def test_any_iterable(kind):
    records = [plain(), aggregate(b"a", b"b"), plain()]
    expected = ["cGxhaW4=", "YQ==", "Yg==", "cGxhaW4="]
    assert data_of(iter_deaggregate_records(kind(records))) == expected
    assert data_of(deaggregate_records(kind(records))) == expected


def test_sequence_without_iter():
    class Sequence:
        def __getitem__(self, position):
            return [plain(), aggregate(b"a")][position]

    assert data_of(iter_deaggregate_records(Sequence())) == ["cGxhaW4=", "YQ=="]


@pytest.mark.parametrize("base", [list, tuple])
def test_iter_of_a_subclass_is_called(base):
    class Reversed(base):
        def __iter__(self):
            return reversed(tuple(super().__iter__()))

    records = Reversed([plain(b"1"), plain(b"2")])
    assert data_of(iter_deaggregate_records(records)) == ["Mg==", "MQ=="]


@pytest.mark.parametrize("bad", [7, {}, {"kinesis": {}}, {"kinesis": {"data": 1}}])
@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_errors_are_raised_at_their_records_turn(bad, kind):
    iterator = iter_deaggregate_records(kind([plain(), aggregate(b"1", b"2"), bad, plain()]))
    assert len(list(itertools.islice(iterator, 3))) == 3
    with pytest.raises((TypeError, KeyError)):
        next(iterator)
    assert list(iterator) == []


@pytest.mark.parametrize("text", [bytes, bytearray])
def test_every_buffer_is_released_before_a_result(text):
    one = aggregate(b"1", b"2")
    data = one["kinesis"]["data"] = text(one["kinesis"]["data"].encode())
    view = memoryview(data)
    iterator = iter_deaggregate_records([kinesis_record(view), one, one])
    assert data_of([next(iterator)]) == ["MQ=="]
    view.release()
    if text is bytearray:
        data.append(61)  # BufferError while the buffer is exported
        data.pop()
    assert data_of(iterator) == ["Mg==", "MQ==", "Mg==", "MQ==", "Mg=="]
