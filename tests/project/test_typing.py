"""The types of the results have every key and every type of value that the results have, and the
stub's docstrings are excerpts of those that help() shows."""

import ast
import importlib.resources
import inspect
import typing

import aggregates
import pytest

import aws_kpl_deagg
from aws_kpl_deagg import deaggregate_records
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord


def assert_fits(value, typed_dict):
    """Asserts that `value` has every required key, and only keys and values of its type."""
    hints = typing.get_type_hints(typed_dict)
    assert typed_dict.__required_keys__ <= value.keys() <= hints.keys()
    for key, item in value.items():
        if typing.is_typeddict(hints[key]):
            assert_fits(item, hints[key])
        else:
            kinds = typing.get_args(hints[key]) or (hints[key],)
            assert any(item == kind if kind is True else isinstance(item, kind) for kind in kinds)


MESSAGE = aggregates.message(
    [b"a"], [aggregates.record(0, b"1", 0), aggregates.record(0, b"2")], [b"7"]
)


@pytest.mark.parametrize(("decode", "kind"), [(False, DeaggregatedRecord), (True, DecodedRecord)])
@pytest.mark.parametrize("data", [aggregates.payload(MESSAGE), b"plain"])
@pytest.mark.parametrize(
    "make",
    [
        aggregates.kinesis_record,
        aggregates.boto3_record,
        aggregates.firehose_record,
        aggregates.analytics_record,
        aggregates.pipes_record,
    ],
)
def test_types_cover_every_key_of_every_source(make, data, decode, kind):
    for record in deaggregate_records([make(data)], decode=decode):
        assert_fits(record, kind)


def test_types_know_plain_data_of_boto3_callers():
    payloads = [b"plain", aggregates.payload(MESSAGE)]
    plain, *user_records = deaggregate_records(
        [aggregates.boto3_record(payload) for payload in payloads], data_format="Boto3"
    )
    assert_fits(plain, DecodedRecord)
    assert len(user_records) == 2
    for record in user_records:
        assert_fits(record, DeaggregatedRecord)


STUB = importlib.resources.files("aws_kpl_deagg").joinpath("_deagg.pyi").read_text("utf-8")


@pytest.mark.parametrize("name", sorted({*aws_kpl_deagg.__all__} - {"__version__"}))
def test_docstrings_of_the_stub(name):
    definitions = [each for each in ast.parse(STUB).body if getattr(each, "name", None) == name]
    shown, *of_other_overloads = map(ast.get_docstring, definitions)
    assert not any(of_other_overloads)
    whole = inspect.getdoc(getattr(aws_kpl_deagg, name))
    excerpt = [whole.partition("\n\n")[0]]
    if isinstance(definitions[0], ast.FunctionDef):
        (example,) = [each for each in whole.split("\n\n") if each.startswith("Example:\n")]
        excerpt.append(example)
    assert shown == "\n\n".join(excerpt)
