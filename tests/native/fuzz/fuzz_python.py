#!/usr/bin/env python3
"""The installed package against the oracle: records of every source, options included.

libFuzzer's bytes become records by the format that fuzz_input.py describes; the property tests
make the same comparisons. The cap on the memory of a message, which the oracle does not know, is
out of reach of libFuzzer's 4 KiB.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

import agreement
import fuzz_input
import oracle
import pytest
from comparison import logged

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records


def check_error(records, options):
    """Whether the oracle rejects the shape of a record; the package has to reject it as well."""
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
        agreement.check_unpack(payload, case.options["verify"], case.bytes_form)
        agreement.check_is_aggregated(payload)
    if check_error(case.records, case.options):
        return
    if case.form == "both functions":
        agreement.check_records(case.records, case.options)
    elif case.form == "log lines":
        agreement.check_log_lines(case.records, case.options)
    else:
        agreement.check_event(case.form, case.records, case.options)


atheris.Setup(sys.argv, check)
atheris.Fuzz()
