"""Mixed lists of records, and whole events and responses."""

import collections

import pytest
from aggregates import (
    BUILDERS,
    aggregated_kinesis_record,
    kinesis_record,
    message,
    payload,
    record,
)

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

PAYLOAD = payload(message([b"a", b"key"], [record(0, b"x"), record(1, b"yz", 0)], [b"7"]))


def test_a_mixed_list():
    made = [builder(PAYLOAD) for builder in BUILDERS.values()]
    made += [builder(b"plain") for builder in BUILDERS.values()]
    separately = [output for each in made for output in deaggregate_records([each])]
    assert len(separately) == 3 * len(BUILDERS)
    for form in (list, tuple, iter):
        assert deaggregate_records(form(made)) == separately
        assert list(iter_deaggregate_records(form(made))) == separately


class Records(list):
    """A list that is not exactly one."""


@pytest.mark.parametrize("source", BUILDERS)
@pytest.mark.parametrize("form", [list, tuple, Records])
@pytest.mark.parametrize("name", ["Records", "records"])
@pytest.mark.parametrize("wrapper", [dict, collections.UserDict])
def test_whole_events(source, form, name, wrapper):
    made = [BUILDERS[source](PAYLOAD), BUILDERS[source](b"plain")]
    event = wrapper({"other": 7, name: form(made)})
    outputs = deaggregate_records(made)
    assert deaggregate_records(event) == outputs
    assert list(iter_deaggregate_records(event)) == outputs
    assert deaggregate_records(wrapper({"SubscribeToShardEvent": event})) == outputs


def test_an_empty_event():
    assert deaggregate_records({"Records": []}) == []
    assert deaggregate_records({"Records": None, "records": ()}) == []


@pytest.mark.parametrize("records", [None, {}, "", iter([]), 7])
def test_records_that_are_no_list(records):
    for event in ({"Records": records}, {"SubscribeToShardEvent": {"records": records}}):
        with pytest.raises(KeyError):
            deaggregate_records(event)


def test_a_subscription_that_is_no_mapping():
    with pytest.raises(KeyError):
        deaggregate_records({"SubscribeToShardEvent": [kinesis_record(b"plain")]})


def test_records_before_the_subscription():
    plain = kinesis_record(b"plain")
    event = {"SubscribeToShardEvent": {"Records": []}, "records": [plain]}
    assert deaggregate_records(event) == [plain]


@pytest.mark.parametrize("source", BUILDERS)
def test_a_record_with_records_is_a_record(source):
    made = BUILDERS[source](b"plain")
    made["Records"] = [aggregated_kinesis_record(message([b"a"], [record(0)]))]
    assert deaggregate_records(made) == deaggregate_records([made])
    assert len(deaggregate_records(made)) == 1


def test_an_event_is_looked_at_with_the_first_step():
    event = {"Records": [kinesis_record(b"plain")]}
    iterator = iter_deaggregate_records(event)
    event["Records"] = []
    assert list(iterator) == []
