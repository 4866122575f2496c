"""Iterators over iterators over iterators: deeper than the C stack, and yet no crash."""

import pytest
from child_process import run

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


@pytest.mark.parametrize(
    ("action", "said"), [(STEP, "RecursionError"), (DROP, "dropped")], ids=["step", "drop"]
)
def test_deep_nesting(action, said):
    assert run(NESTED + action) == [said]
