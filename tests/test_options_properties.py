"""Each option alone and all together, on every source: the package and the oracle agree."""

from typing import Any

import oracle
import pytest
import source_strategies
from comparison import assert_same_outputs, logged
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records

examples = settings(max_examples=100, print_blob=True)


def snapshot(value: Any, depth: int = 2) -> Any:
    """What is in a record: its keys and the identities of its values, `depth` levels deep."""
    if depth == 0 or not hasattr(value, "keys"):
        return id(value)
    return [(key, snapshot(value[key], depth - 1)) for key in value]


def drained(iterator: Any, error: type[Exception]) -> tuple[list[Any], tuple[Any, ...] | None]:
    """Returns what comes out of an iterator, and the arguments of the error that ends it."""
    outputs = []
    try:
        for output in iterator:
            outputs.append(output)
    except error as raised:
        return outputs, raised.args
    return outputs, None


def check(records: list[Any], options: dict[str, Any]) -> None:
    """Compares both functions with the oracle on one list."""
    before = [snapshot(record) for record in records]
    expected_log: list[Any] = []
    expected, expected_error = drained(
        oracle.iter_deaggregate(records, expected_log, oracle.Options(**options)),
        oracle.StrictError,
    )
    with logged() as log:
        iterator = iter_deaggregate_records(iter(records), **options)
        outputs, error = drained(iterator, AggregateError)
    assert error == expected_error
    assert_same_outputs(outputs, expected, records)
    assert log == expected_log
    with logged() as log:
        if expected_error is None:
            assert_same_outputs(deaggregate_records(records, **options), expected, records)
        else:
            with pytest.raises(AggregateError) as caught:
                deaggregate_records(records, **options)
            assert caught.value.args == expected_error
    assert log == expected_log
    assert [snapshot(record) for record in records] == before


@examples
@given(source_strategies.MIXED_RECORDS)
def test_no_option(records):
    check(records, {})


@pytest.mark.parametrize("name", source_strategies.OPTIONS)
@settings(examples, max_examples=60)
@given(data=st.data(), records=source_strategies.MIXED_RECORDS)
def test_an_option_alone(name, data, records):
    check(records, {name: data.draw(source_strategies.OPTIONS[name])})


@settings(examples, max_examples=300)
@given(source_strategies.MIXED_RECORDS, st.fixed_dictionaries(source_strategies.OPTIONS))
def test_options_together(records, options):
    check(records, options)


SOURCES = {
    "Lambda": source_strategies.LAMBDA_RECORDS,
    "boto3": source_strategies.boto3_records(),
    "Firehose and Analytics": source_strategies.transformation_records(),
    "Pipes": source_strategies.pipes_records(),
}


@pytest.mark.parametrize("source", SOURCES)
@settings(examples, max_examples=60)
@given(data=st.data(), options=st.fixed_dictionaries(source_strategies.OPTIONS))
def test_a_single_record(source, data, options):
    record = data.draw(SOURCES[source])
    options["strict"] = False
    expected, expected_log = oracle.deaggregate(record, **options)
    with logged() as log:
        outputs = deaggregate_records(record, **options)
    assert_same_outputs(outputs, expected, [record])
    assert log == expected_log


EVENT_FORMS = {
    "Records": lambda records: {"Records": records},
    "records": lambda records: {"records": records},
    "a tuple": lambda records: {"Records": tuple(records)},
    "SubscribeToShardEvent": lambda records: {"SubscribeToShardEvent": {"Records": records}},
}


@pytest.mark.parametrize("form", EVENT_FORMS)
@settings(examples, max_examples=30)
@given(
    records=source_strategies.MIXED_RECORDS,
    options=st.fixed_dictionaries(source_strategies.OPTIONS),
)
def test_a_whole_event(form, records, options):
    options["strict"] = False
    expected, expected_log = oracle.deaggregate(records, **options)
    event = EVENT_FORMS[form](records)
    assert oracle.deaggregate(event, **options)[1] == expected_log
    with logged() as log:
        outputs = deaggregate_records(event, **options)
    assert_same_outputs(outputs, expected, records)
    assert log == expected_log


@examples
@given(source_strategies.MIXED_RECORDS, st.fixed_dictionaries(source_strategies.OPTIONS))
def test_each_log_line_comes_with_its_record(records, options):
    options["strict"] = False
    expected_log = []
    with logged() as log:
        iterator = iter_deaggregate_records(records, **options)
        for record in records:
            expected, entries = oracle.deaggregate([record], **options)
            for place, expected_output in enumerate(expected):
                output = next(iterator)
                expected_log += entries if place == 0 else []
                assert_same_outputs([output], [expected_output], [record])
                assert log == expected_log
            if not expected:  # its line, if any, comes with the next one's
                expected_log += entries
        assert next(iterator, None) is None
        assert log == expected_log
