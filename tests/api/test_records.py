"""Calls of the functions; the shape of a record, its kinds of mapping and types of data."""

import collections
import copy
import json
import types
from collections.abc import Mapping

import pytest
from aggregates import kinesis_record, message, payload, record

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

PAYLOAD = payload(message([b"key"], [record(0, b"1"), record(0, b"2")]))
AGGREGATE = kinesis_record(PAYLOAD)
PLAIN = kinesis_record(b"plain")
USER_RECORDS = deaggregate_records([AGGREGATE])


def drained(*arguments, **keywords):
    return list(iter_deaggregate_records(*arguments, **keywords))


@pytest.fixture(params=[deaggregate_records, drained], ids=["list", "iterator"])
def deaggregate(request):
    return request.param


# Calls


def test_records_by_position_and_by_name(deaggregate):
    assert deaggregate([AGGREGATE]) == deaggregate(records=[AGGREGATE]) == USER_RECORDS
    assert len(USER_RECORDS) == 2


@pytest.mark.parametrize("function", [deaggregate_records, iter_deaggregate_records])
@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((), {}),
        (([],), {"records": []}),
        ((), {"record": []}),
        (([],), {"no_such_option": 1}),
        ((), {"records": [], "no_such_option": 1}),
    ],
)
def test_wrong_calls_are_rejected_at_the_call(function, arguments, keywords):
    with pytest.raises(TypeError):
        function(*arguments, **keywords)


def test_result_is_a_new_list():
    records = [PLAIN]
    output = deaggregate_records(records)
    assert type(output) is list
    assert output is not records
    assert deaggregate_records([]) == []


# Shape


def kinesis(value):
    return {"kinesis": value}


SHAPE_ERRORS = {
    "int": (7, TypeError, "int"),
    "None": (None, TypeError, "NoneType"),
    "str": ("kinesis", TypeError, "str"),
    "list": ([AGGREGATE], TypeError, "list"),
    "pairs": ([("kinesis", {})], TypeError, "list"),
    "empty": ({}, KeyError, "kinesis"),
    "other keys": ({"data": "", "Kinesis": {}}, KeyError, "kinesis"),
    "kinesis is None": (kinesis(None), TypeError, "kinesis"),
    "kinesis is a list": (kinesis(["data"]), TypeError, "kinesis"),
    "kinesis is a str": (kinesis("data"), TypeError, "kinesis"),
    "no data": (kinesis({"sequenceNumber": "1"}), KeyError, "data"),
    "data is None": (kinesis({"data": None}), TypeError, "data"),
    "data is an int": (kinesis({"data": 1}), TypeError, "data"),
    "data is a list": (kinesis({"data": [97]}), TypeError, "data"),
}


@pytest.mark.parametrize("mapping", [dict, collections.UserDict], ids=["dict", "other mapping"])
@pytest.mark.parametrize("case", SHAPE_ERRORS)
def test_shape_errors_name_the_missing_or_wrong_part(case, mapping, deaggregate):
    bad, error, named = SHAPE_ERRORS[case]
    if isinstance(bad, dict):
        bad = mapping(bad)
        if isinstance(bad.get("kinesis"), dict):
            bad["kinesis"] = mapping(bad["kinesis"])
    with pytest.raises(error) as caught:
        deaggregate([PLAIN, bad])
    assert type(caught.value) is error
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "records", [None, 7, 1.5, object(), print], ids=lambda each: type(each).__name__
)
def test_records_that_cannot_be_iterated(records, deaggregate):
    with pytest.raises(TypeError) as caught:
        deaggregate(records)
    assert type(records).__name__ in str(caught.value)


def test_shape_errors_do_not_contain_the_payload(deaggregate):
    bad = kinesis({"data": ["secret"], "sequenceNumber": "secret"})
    with pytest.raises(TypeError) as caught:
        deaggregate([bad])
    assert "secret" not in str(caught.value)


# Results belong to the caller, the input is only read


def test_user_record_is_plain_dicts_that_json_accepts(deaggregate):
    for one in (AGGREGATE, collections.OrderedDict(AGGREGATE), collections.UserDict(AGGREGATE)):
        for user_record in deaggregate([one]):
            assert type(user_record) is dict
            assert type(user_record["kinesis"]) is dict
            assert json.loads(json.dumps(user_record)) == user_record


@pytest.mark.parametrize("data", ["", "cGxhaW4=", "not base64 at all", "é", "\ud800"])
def test_plain_records_are_passed_through_as_the_same_object(data, deaggregate, caplog):
    for mapping in (dict, collections.UserDict, types.MappingProxyType):
        one = mapping({"kinesis": mapping({"data": data})})
        (output,) = deaggregate([one])
        assert output is one
    assert not caplog.records


# Mappings


class DictSubclass(dict):
    """Has a method of its own, which has to be called."""

    def __getitem__(self, name):
        value = super().__getitem__(name)
        return value.upper() if name == "awsRegion" else value


class Registered:
    """Not a subclass of Mapping, but registered as one."""

    def __init__(self, content):
        self.content = content

    def __contains__(self, name):
        return name in self.content

    def __getitem__(self, name):
        return self.content[name]

    def __iter__(self):
        return iter(self.content)

    def __len__(self):
        return len(self.content)

    def keys(self):
        return list(self.content)


Mapping.register(Registered)

MAPPINGS = [
    collections.OrderedDict,
    collections.UserDict,
    collections.ChainMap,
    types.MappingProxyType,
    DictSubclass,
    Registered,
]


@pytest.mark.parametrize("outer", [dict, *MAPPINGS])
@pytest.mark.parametrize("inner", [dict, *MAPPINGS])
def test_mappings_are_read_like_dicts(outer, inner, deaggregate):
    content = {**AGGREGATE, "kinesis": inner(AGGREGATE["kinesis"])}
    expected = copy.deepcopy(USER_RECORDS)
    if outer is DictSubclass:
        for user_record in expected:
            user_record["awsRegion"] = "US-EAST-1"
    one = outer(content)
    assert deaggregate([one]) == deaggregate(one) == expected
    assert [list(each) for each in deaggregate(one)] == [list(each) for each in expected]
    assert [list(each["kinesis"]) for each in deaggregate(one)] == [
        list(each["kinesis"]) for each in expected
    ]


def test_lookalike_that_is_not_registered_is_not_a_mapping(deaggregate):
    class Lookalike(Registered):
        """Inherits from a registered class, which makes it a mapping as well."""

    class Stranger:
        __contains__ = Registered.__contains__
        __getitem__ = Registered.__getitem__
        keys = Registered.keys
        content = AGGREGATE

    assert deaggregate([Lookalike(AGGREGATE)]) == USER_RECORDS
    with pytest.raises(TypeError, match="Stranger"):
        deaggregate([Stranger()])


def test_defaultdict_is_not_changed_by_reading_it(deaggregate):
    for content in (AGGREGATE, {"kinesis": {"data": AGGREGATE["kinesis"]["data"]}}):
        one = collections.defaultdict(list, content)
        one["kinesis"] = collections.defaultdict(list, content["kinesis"])
        before = copy.deepcopy(one)
        assert len(deaggregate([one])) == 2
        assert one == before
    empty = collections.defaultdict(dict)
    with pytest.raises(KeyError, match="kinesis"):
        deaggregate([empty])
    assert empty == {}


class Recording(collections.UserDict):
    """Records the calls of its methods."""

    def __init__(self, content):
        self.asked = []
        super().__init__(content)

    def __contains__(self, name):
        self.asked.append(("in", name))
        return super().__contains__(name)

    def __getitem__(self, name):
        self.asked.append(("[]", name))
        return super().__getitem__(name)


def test_in_comes_before_getitem():
    inner = Recording(PLAIN["kinesis"])
    outer = Recording({**PLAIN, "kinesis": inner})
    outer.asked.clear()
    inner.asked.clear()
    assert deaggregate_records([outer])[0] is outer
    assert outer.asked.index(("in", "kinesis")) < outer.asked.index(("[]", "kinesis"))
    assert inner.asked.index(("in", "data")) < inner.asked.index(("[]", "data"))


# The types of data
