#!/usr/bin/env python3
"""The installed package against the oracle: records of every source, options included.

libFuzzer's bytes become records by the format that fuzz_input.py describes. What has to hold for
them is what the property tests say, so these are called with them. The cap on the memory that a
message may take, which the oracle does not know, is out of reach of libFuzzer's 4 KiB.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fuzz_input
import oracle
import pytest
import test_options_properties
import test_unpack
from comparison import logged

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

check_event = test_options_properties.test_a_whole_event.hypothesis.inner_test
check_log_lines = (
    test_options_properties.test_each_log_line_comes_with_its_record.hypothesis.inner_test
)
check_unpack = test_unpack.test_any_payload.hypothesis.inner_test
check_is_aggregated = test_unpack.test_is_aggregated_of_any_payload.hypothesis.inner_test


def check_error(records, options):
    """Returns whether the oracle finds no payload in a record, for which the package fails too."""
    try:
        oracle.deaggregate(records, **{**options, "strict": False})
    except (KeyError, TypeError) as error:
        for deaggregate in (deaggregate_records, iter_deaggregate_records):
            with logged(), pytest.raises(type(error)):
                list(deaggregate(records, **{**options, "strict": False}))
        return True
    return False


def check(data: bytes) -> None:
    case = fuzz_input.read(data)
    for payload in case.payloads if case.form == "both functions" else ():
        check_unpack(payload, case.options["verify"], case.bytes_form)
        check_is_aggregated(payload)
    if check_error(case.records, case.options):
        return
    if case.form == "both functions":
        test_options_properties.check(case.records, case.options)
    elif case.form == "log lines":
        check_log_lines(case.records, case.options)
    else:
        check_event(case.form, case.records, case.options)


atheris.Setup(sys.argv, check)
atheris.Fuzz()
