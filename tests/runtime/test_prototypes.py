"""Templates for user records are made from prototypes, which an instance of the module collects.

Each test uses an instance that has none yet. Nothing but time and memory may depend on them.
"""

import gc
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import oracle
import pytest
from aggregates import BUILDERS, kinesis_record, message, payload, record
from extension import import_again
from growth import least_growth
from hypothesis import given
from hypothesis import strategies as st

PAYLOAD = payload(message([b"one", b"two"], [record(0, b"a"), record(1, b"b", 0)], [b"7"]))
# More than an instance of the module keeps.
MANY = 40


def in_order(value):
    """Replaces each dict by its items, so that == compares their order and the types of keys."""
    if isinstance(value, dict):
        return [(type(key), key, in_order(item)) for key, item in value.items()]
    return value


def assert_as_the_oracle(results, records):
    assert list(map(in_order, results)) == list(map(in_order, oracle.deaggregate_records(records)))


@pytest.mark.parametrize("source", BUILDERS)
def test_dicts_in_a_list_need_less_memory_from_the_first_on(source):
    records = [BUILDERS[source](PAYLOAD)]
    module = import_again()
    for _ in range(2):
        for mine, ordinary in zip(
            module.deaggregate_records(records),
            module.iter_deaggregate_records(records),
            strict=True,
        ):
            assert mine == ordinary
            assert sys.getsizeof(mine) < 0.7 * sys.getsizeof(ordinary)
            assert sys.getsizeof(mine["kinesis"]) < 0.7 * sys.getsizeof(ordinary["kinesis"])


class Text(str):
    pass


OWN_KEYS = ["kinesisSchemaVersion", "sequenceNumber", "approximateArrivalTimestamp"]
OWN_KEYS += ["explicitHashKey", "partitionKey", "subSequenceNumber", "aggregated"]
OTHER_KEYS = ["kinesis", "a", "b", "é", "🔑", "\ud800", "", "_", "__class__", "__dict__"]
ODD_KEYS = [0, None, Text("c"), Text("partitionKey"), ("tuple",)]
KEYS = st.sampled_from(OWN_KEYS) | st.sampled_from(OTHER_KEYS) | st.sampled_from(ODD_KEYS)
VALUES = st.sampled_from([None, True, "text", 7])


@st.composite
def records_of_few_kinds(draw):
    """Several records whose keys are those of one of a few kinds, in one order or another."""

    def build():
        kinesis = draw(st.dictionaries(KEYS, VALUES, max_size=8))
        outer = draw(st.dictionaries(KEYS, VALUES, max_size=3))
        at = draw(st.integers(0, len(kinesis)))
        items = list(kinesis.items())
        data = kinesis_record(PAYLOAD)["kinesis"]["data"]
        kinesis = dict([*items[:at], ("data", data), *items[at:]])
        return outer | {"kinesis": kinesis}

    def again(kind):
        """With other values and other objects for the keys, and maybe in another order."""
        items = draw(st.sampled_from([list, draw(st.permutations(range(len(kind["kinesis"]))))]))
        kinesis = list(kind["kinesis"].items())
        if items is not list:
            kinesis = [kinesis[i] for i in items]
        return kind | {
            "kinesis": {
                "".join(key) if type(key) is str else key: (
                    value if key == "data" else draw(VALUES)
                )
                for key, value in kinesis
            }
        }

    kinds = [build() for _ in range(draw(st.integers(1, 3)))]
    return [again(draw(st.sampled_from(kinds))) for _ in range(draw(st.integers(1, 8)))]


@given(records_of_few_kinds(), st.booleans())
def test_the_results_are_the_same(records, first_by_iterator):
    module = import_again()
    functions = [module.deaggregate_records, module.iter_deaggregate_records]
    for function in reversed(functions) if first_by_iterator else functions:
        assert_as_the_oracle(function(records), records)


def with_key(key, **values):
    kinesis = kinesis_record(PAYLOAD)["kinesis"]
    return {"kinesis": {**kinesis, key: "value", **values}}


def test_equal_keys_of_another_type():
    records = [with_key("key"), with_key(Text("key")), with_key("key")]
    assert_as_the_oracle(import_again().deaggregate_records(records), records)


@pytest.mark.parametrize("count", [20, 25, 26, 27, 30, 31, 60])
def test_any_number_of_keys(count):
    data = kinesis_record(PAYLOAD)["kinesis"]["data"]
    kinesis = {f"key{i}": i for i in range(count - 1)}
    records = [{"kinesis": kinesis | {"data": data}}, {"kinesis": {"data": data} | kinesis}] * 2
    assert_as_the_oracle(import_again().deaggregate_records(records), records)


def test_more_kinds_of_records_than_are_kept():
    module = import_again()
    for _ in range(2):
        records = [with_key(f"key{i}", number=i) for i in range(MANY)]
        assert_as_the_oracle(module.deaggregate_records(records), records)


def test_ever_new_keys_take_no_memory():
    module = import_again()
    numbers = iter(range(sys.maxsize))

    def call():
        for _ in range(MANY):
            module.deaggregate_records([with_key(f"key{next(numbers)}")])

    call()
    tracemalloc.start()
    try:
        _, blocks, size = least_growth(call)
    finally:
        tracemalloc.stop()
    assert blocks < MANY
    assert size < MANY * 10


def test_the_values_of_a_record_are_not_kept():
    class Value:
        pass

    module = import_again()
    value = Value()
    references = sys.getrefcount(value)
    module.deaggregate_records([with_key("key", other=value)])
    assert sys.getrefcount(value) == references


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="it runs only between bytecodes")
def test_entered_by_the_collector_while_a_prototype_is_made():
    module = import_again()
    entered = []

    def enter(phase, info):
        if phase == "start" and len(entered) < MANY:
            records = [with_key(f"entered{len(entered)}")]
            entered.append(records)
            assert_as_the_oracle(module.deaggregate_records(records), records)

    threshold = gc.get_threshold()
    gc.callbacks.append(enter)
    gc.set_threshold(1)
    try:
        for i in range(5):
            records = [with_key(f"key{i}")]
            assert_as_the_oracle(module.deaggregate_records(records), records)
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(enter)
    assert entered
    for records in [*entered, *([with_key(f"key{i}")] for i in range(5))]:
        assert_as_the_oracle(module.deaggregate_records(records), records)


def test_first_uses_at_once():
    def use(module, barrier, number):
        records = [with_key(f"key{i}") for i in range(number, number + 8)]
        barrier.wait()
        assert_as_the_oracle(module.deaggregate_records(records), records)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(50):
            module, barrier = import_again(), threading.Barrier(4)
            for done in [pool.submit(use, module, barrier, i) for i in range(4)]:
                done.result()
