"""help() and docs/reference.md describe the same signatures, options, sources and reasons."""

import inspect
import re

import oracle
import pytest
import readme
from arrow import read_schema
from kpl_vectors import expected_output

import aws_kpl_deagg
from aws_kpl_deagg import AggregateError, UserRecord, deaggregate_records
from aws_kpl_deagg.aggregator import aggregate

REFERENCE = "docs/reference.md"
FUNCTIONS = [
    "deaggregate_records",
    "iter_deaggregate_records",
    "unpack",
    "unpack_arrow",
    "is_aggregated",
    "pack",
]
REASONS = [
    oracle.NOT_BASE64,
    oracle.TOO_SHORT,
    oracle.WRONG_DIGEST,
    oracle.BAD_MESSAGE,
    oracle.BAD_INDEX,
    "needs too much memory",
    oracle.NO_USER_RECORDS,
    oracle.BAD_HASH_KEY,
    "not aggregated",
]


def signature(name):
    return f"{name}{inspect.signature(getattr(aws_kpl_deagg, name))}"


def test_signatures():
    shown = [" ".join(block.split()) for block in readme.text_blocks(REFERENCE)]
    assert shown == [signature(name) for name in FUNCTIONS]
    assert signature("AggregateError") in readme.inline_code(readme.section(REFERENCE, "Errors"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_section_and_an_example(name):
    assert name in readme.anchors(REFERENCE)
    assert "\nExample:\n" in getattr(aws_kpl_deagg, name).__doc__


def test_reasons():
    described = re.findall(r"^ +'([^']+)'", AggregateError.__doc__, re.MULTILINE)
    assert described == REASONS
    codes = [readme.inline_code(row[0])[0] for row in readme.rows(REFERENCE, "Errors")]
    assert codes[-len(REASONS) :] == REASONS


def test_sources():
    marks = [keys for _, keys, *_ in readme.rows(REFERENCE, "Sources")]
    assert len(marks) == 5
    for keys in marks:
        assert re.search(
            f"  {keys.replace('`', chr(39))}$", deaggregate_records.__doc__, re.MULTILINE
        )


def test_options():
    options = [re.match(r"`(\w+)=", row[0])[1] for row in readme.rows(REFERENCE, "Options")]
    described = re.findall(r"^(\w+): ", deaggregate_records.__doc__, re.MULTILINE)
    assert described == ["records", *options]
    assert list(inspect.signature(deaggregate_records).parameters) == described


def test_keys_of_the_user_record():
    shown = readme.block_with("'subSequenceNumber': 0").code
    for key in expected_output(0)["kinesis"]:
        assert f"'{key}'" in deaggregate_records.__doc__
        assert f"'{key}'" in shown


def test_fields_of_a_bare_user_record():
    fields = [readme.inline_code(row[0])[0] for row in readme.rows(REFERENCE, "unpack")]
    assert fields == list(UserRecord._fields)
    assert all(getattr(UserRecord, field).__doc__ for field in fields)


def test_columns():
    columns = [readme.inline_code(row[0]) for row in readme.rows(REFERENCE, "unpack_arrow")]
    names = [field.name for field in read_schema(aws_kpl_deagg.unpack_arrow([]))]
    assert [column[0] for column in columns if column] == names
    described = re.findall(
        r"^    (\w+) +(?:int|utf8|binary)", aws_kpl_deagg.unpack_arrow.__doc__, re.M
    )
    assert described == names


@pytest.mark.parametrize("name", sorted({*aws_kpl_deagg.__all__} - {"__version__"}))
def test_the_packages_docstring_names_every_public_name(name):
    assert re.search(rf"\b{name}", aws_kpl_deagg.__doc__)


def test_an_error_takes_positional_arguments_only_as_its_signature_says():
    kinds = {parameter.kind for parameter in inspect.signature(AggregateError).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_ONLY}
    with pytest.raises(TypeError):
        AggregateError(sequence_number="1", reason="too short")


def test_aggregate():
    described = re.findall(r"^(\w+): ", inspect.getdoc(aggregate), re.MULTILINE)
    assert described == list(inspect.signature(aggregate).parameters)
    named = readme.inline_code(readme.prose("docs/aggregating.md"))
    assert {*described} <= {*named}
    assert "\nExample:\n" in inspect.getdoc(aggregate)
