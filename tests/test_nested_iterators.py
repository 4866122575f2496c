"""Iterators over iterators over iterators: deeper than the C stack, and yet no crash."""

import subprocess
import sys

import pytest

NESTED = """
from aws_kpl_deagg import iter_deaggregate_records

iterator = iter([])
for _ in range(200_000):
    iterator = iter_deaggregate_records(iterator)
"""

STEP = """
try:
    next(iterator)
except RecursionError:
    print("RecursionError")
"""

DROP = """
del iterator
print("dropped")
"""


# In a process of its own, since a crash would end this one.
@pytest.mark.parametrize(
    ("action", "said"), [(STEP, "RecursionError"), (DROP, "dropped")], ids=["step", "drop"]
)
def test_deep_nesting(action, said):
    command = [sys.executable, "-c", NESTED + action]
    process = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (process.returncode, process.stdout.strip()) == (0, said), process.stderr
