"""help() describes the same reasons, sources, options and names as README.md, and all of them."""

import inspect
import re

import oracle
import pytest
import readme
from kpl_vectors import expected_output

import aws_kpl_deagg
from aws_kpl_deagg import AggregateError, UserRecord, deaggregate_records

REASONS = [
    oracle.NOT_BASE64,
    oracle.TOO_SHORT,
    oracle.WRONG_DIGEST,
    oracle.BAD_MESSAGE,
    oracle.BAD_INDEX,
    oracle.NO_USER_RECORDS,
    oracle.BAD_HASH_KEY,
    "needs too much memory",
    "not aggregated",
]


def test_reasons():
    described = re.findall(r"^ +'([^']+)'", AggregateError.__doc__, re.MULTILINE)
    assert sorted(described) == sorted(REASONS)
    assert set(REASONS) <= set(readme.inline_code(readme.section("malformed")))


def test_sources():
    marks = [keys for _, keys, *_ in readme.rows("sources")]
    assert len(marks) == 5
    for keys in marks:
        assert re.search(
            f"  {keys.replace('`', chr(39))}$", deaggregate_records.__doc__, re.MULTILINE
        )


def test_options():
    options = [re.match(r"`(\w+)=", option)[1] for option, _ in readme.rows("options")]
    assert options == ["decode", "strict", "verify", "hash_key_range"]
    described = re.findall(r"^(\w+): ", deaggregate_records.__doc__, re.MULTILINE)
    assert described == ["records", "data_format", *options]
    assert list(inspect.signature(deaggregate_records).parameters) == described


def test_keys_of_the_user_record():
    for key in expected_output(0)["kinesis"]:
        assert f"'{key}'" in deaggregate_records.__doc__


@pytest.mark.parametrize("field", UserRecord._fields)
def test_fields_of_a_bare_user_record(field):
    assert field in readme.inline_code(readme.section("bare payloads"))
    assert getattr(UserRecord, field).__doc__


@pytest.mark.parametrize("name", sorted({*aws_kpl_deagg.__all__} - {"__version__"}))
def test_the_packages_docstring_names_every_public_name(name):
    assert re.search(rf"\b{name}", aws_kpl_deagg.__doc__)


def test_an_error_takes_positional_arguments_only_as_its_signature_says():
    kinds = {parameter.kind for parameter in inspect.signature(AggregateError).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_ONLY}
    with pytest.raises(TypeError):
        AggregateError(sequence_number="1", reason="too short")
