"""The benchmark runs, checks the answers it compares, and prints its table."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.peers

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"

# Loaded by every interpreter that starts with its folder on PYTHONPATH.
LOSE_THE_LAST_RECORD = """
import aws_kpl_deagg

whole = aws_kpl_deagg.deaggregate_records
aws_kpl_deagg.deaggregate_records = lambda records: whole(records)[:-1]
"""


def test_quick_run_prints_every_row_of_the_table() -> None:
    command = [sys.executable, str(BENCHMARKS / "benchmark.py"), "--quick"]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    rows = [line.split(" | ") for line in finished.stdout.splitlines() if line.startswith("| ")]
    timed = [row for row in rows if row[1:2] in (["list"], ["iterator"])]
    assert len(timed) == 14
    for _workload, _form, *cells in timed:
        assert len(cells) == 7
        assert all(re.search(r"[1-9]", cell) for cell in cells)
    assert {row[0] for row in rows[-2:]} == {"| aws_kpl_deagg", "| aws_kinesis_agg"}


def test_answers_that_differ_stop_the_benchmark(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOSE_THE_LAST_RECORD, encoding="utf-8")
    environment = {
        **os.environ,
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
        "PYTHONPATH": str(tmp_path),
    }
    command = [sys.executable, str(BENCHMARKS / "measure.py"), "python", "0"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert finished.returncode == 1
    assert "not the same answer" in finished.stderr
    assert finished.stdout == ""
