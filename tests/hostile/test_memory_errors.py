"""Every allocation that fails raises MemoryError, leaks nothing, and affects no later call."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("_testcapi", reason="this Python cannot make allocations fail")

import failing_allocations
from calls import OTHERS, SOUND, UNSOUND
from failing_allocations import FIRST

PROGRAM = failing_allocations.__file__
TIMEOUT = 300

# CPython itself leaks when it cannot make an instance of a new class.
LEAKS = FIRST if sys.version_info >= (3, 13) else {}


@pytest.mark.parametrize("case", SOUND | UNSOUND | OTHERS | FIRST)
def test_every_allocation_that_fails(case):
    process = subprocess.run(
        [sys.executable, "-X", "faulthandler", PROGRAM, case],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert process.returncode == 0, process.stderr
    outcomes = list(map(json.loads, process.stdout.splitlines()))
    assert len(outcomes) == (2 if case in OTHERS | FIRST else 4)
    for outcome in outcomes:
        assert outcome["failures before the first success"] > 0
        assert max(outcome["growth"]) <= 0 or case in LEAKS, outcome
        if case in SOUND:
            assert outcome["failures after it"] == 0, outcome
