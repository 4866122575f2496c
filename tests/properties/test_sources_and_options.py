"""The package and the oracle agree on records of any source, with any options."""

import agreement
import oracle
import source_strategies
from comparison import assert_same_outputs, logged
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_kpl_deagg import deaggregate_records

OPTIONS = st.fixed_dictionaries(source_strategies.OPTIONS)


@given(source_strategies.MIXED_RECORDS)
def test_no_option(records):
    agreement.check_records(records, {})


@settings(max_examples=3 * settings.default.max_examples)
@given(source_strategies.MIXED_RECORDS, OPTIONS)
def test_options_together(records, options):
    agreement.check_records(records, options)


@given(source_strategies.LAMBDA_RECORDS | source_strategies.OTHER_RECORDS, OPTIONS)
def test_a_single_record(record, options):
    options["strict"] = False
    expected, expected_log = oracle.deaggregate(record, **options)
    with logged() as log:
        outputs = deaggregate_records(record, **options)
    assert_same_outputs(outputs, expected, [record])
    assert log == expected_log


@given(st.sampled_from(list(agreement.EVENT_FORMS)), source_strategies.MIXED_RECORDS, OPTIONS)
def test_a_whole_event(form, records, options):
    agreement.check_event(form, records, options)


@given(source_strategies.MIXED_RECORDS, OPTIONS)
def test_each_log_line_is_written_at_its_records_turn(records, options):
    agreement.check_log_lines(records, options)
