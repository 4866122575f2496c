"""Aggregates that other producers write and the KPL would not: see docs/malformed-input.md.

All of them are made here, field by field.
"""

import pytest
from aggregates import (
    ALL_HASH_KEYS,
    BUILDERS,
    SEQUENCE_NUMBER,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged

from aws_kpl_deagg import AggregateError, deaggregate_records, is_aggregated, unpack

# An old aggregator for Node writes JavaScript's `undefined` for a missing explicit hash key.
UNDEFINED = payload(
    message([b"a", b"b"], [record(0, b"x", 0), record(1, b"y", 0)], [b"undefined"])
)
UNDEFINED_IN_PART = payload(
    message(
        [b"a"], [record(0, b"x", 0), record(0, b"y", 1), record(0, b"z")], [b"undefined", b"7"]
    )
)
# Some test generators write an index for every user record, and no table.
NO_TABLE = payload(message([b"a"], [record(0, b"x", 0), record(0, b"y", 0)]))
NO_TABLE_IN_PART = payload(message([b"a"], [record(0, b"x"), record(0, b"y", 0)]))
# The same of partition keys, which every user record must have.
NO_PARTITION_KEYS = payload(message([], [record(0, b"x", 0)], [b"7"]))

from_every_source = pytest.mark.parametrize("source", BUILDERS)


def assert_passed_through(made, reason, **options):
    with logged() as log:
        (output,) = deaggregate_records([made], decode=True, **options)
    assert "aggregated" not in output["kinesis"]
    assert log == [(SEQUENCE_NUMBER, reason)]
    with pytest.raises(AggregateError) as raised:
        deaggregate_records([made], strict=True, **options)
    assert raised.value.reason == reason
    return output["kinesis"]["data"]


@from_every_source
@pytest.mark.parametrize(
    ("content", "hash_keys"),
    [(UNDEFINED, ["undefined"] * 2), (UNDEFINED_IN_PART, ["undefined", "7", None])],
)
def test_the_explicit_hash_key_undefined(source, content, hash_keys):
    with logged() as log:
        outputs = deaggregate_records([BUILDERS[source](content)])
    assert [output["kinesis"]["explicitHashKey"] for output in outputs] == hash_keys
    assert [user_record.explicit_hash_key for user_record in unpack(content)] == hash_keys
    assert log == []


@from_every_source
@pytest.mark.parametrize("content", [UNDEFINED, UNDEFINED_IN_PART])
def test_the_explicit_hash_key_undefined_within_a_range(source, content):
    made = BUILDERS[source](content)
    data = assert_passed_through(made, "invalid explicit hash key", hash_key_range=ALL_HASH_KEYS)
    assert data == content


def test_the_explicit_hash_key_undefined_that_no_user_record_has():
    content = payload(message([b"a"], [record(0, b"x")], [b"undefined"]))
    made = kinesis_record(content)
    (output,) = deaggregate_records([made], hash_key_range=ALL_HASH_KEYS)
    assert output["kinesis"]["explicitHashKey"] is None


@from_every_source
@pytest.mark.parametrize("content", [NO_TABLE, NO_TABLE_IN_PART, NO_PARTITION_KEYS])
def test_an_index_into_a_table_that_is_not_there(source, content):
    made = BUILDERS[source](content)
    assert assert_passed_through(made, "index outside its table") == content
    assert is_aggregated(content)
    with pytest.raises(AggregateError, match="index outside its table"):
        unpack(content)
