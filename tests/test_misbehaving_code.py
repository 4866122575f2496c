"""Foreign code that runs in the middle of things: never a crash, and nothing swallowed or lost."""

import gc

import pytest
from aggregates import aggregated_kinesis_record, boto3_record, message, payload, record
from child_process import run

import aws_kpl_deagg
from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

MESSAGE = message([b"key"], [record(0)])
AGGREGATE = aggregated_kinesis_record(MESSAGE)


class EmptiesItsKeys(dict):
    """Finds the list of its keys through the collector, as it is read, and empties it."""

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
        EmptiesItsKeys(AGGREGATE, first=1),
        {**AGGREGATE, "kinesis": EmptiesItsKeys(AGGREGATE["kinesis"], first=1)},
        EmptiesItsKeys(boto3_record(payload(MESSAGE)), first=1),
    ],
    ids=["outer", "inner", "boto3"],
)
def test_list_of_keys_that_shrinks_while_it_is_read(kinesis_record):
    (user_record,) = deaggregate_records([kinesis_record])
    assert user_record["kinesis"]["partitionKey"] == "key"


class ForeignKey:
    """A key of a dict with the hash of 'kinesis' that raises when it is compared."""

    def __init__(self, error):
        self.error = error

    def __hash__(self):
        return hash("kinesis")

    def __eq__(self, other):
        raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_foreign_key_that_raises_ahead_of_its_turn(error):
    records = [AGGREGATE, {ForeignKey(error): None}]
    with pytest.raises(error):
        deaggregate_records(records)


def test_exception_of_a_foreign_key_waits_for_its_turn():
    iterator = iter_deaggregate_records([AGGREGATE, {ForeignKey(ZeroDivisionError): None}])
    assert next(iterator)["kinesis"]["aggregated"]
    with pytest.raises(ZeroDivisionError):
        next(iterator)


WITHOUT_LOGGING = """
import sys
from aws_kpl_deagg import deaggregate_records

sys.modules["logging"] = None
sys.unraisablehook = lambda unraisable: print(unraisable.exc_type.__name__)
record = {"kinesis": {"data": "84mawg=="}}
print(deaggregate_records([record])[0] is record)
"""


def test_damaged_record_comes_out_where_logging_cannot_be_imported():
    assert run(WITHOUT_LOGGING) == ["ModuleNotFoundError", "True"]


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
    assert hasattr(aws_kpl_deagg, "AggregateError")
    assert run(IN_A_CYCLE) == ["None"]
