"""The benchmark and the soak run, check their results, and print figures."""

import os
import re
import subprocess
import sys
from pathlib import Path

from project import PROJECT, TESTS

BENCHMARKS = PROJECT / "benchmarks"

# Loaded by every interpreter that starts with its folder on PYTHONPATH.
LOSE_THE_LAST_RECORD = """
import aws_kpl_deagg

whole = aws_kpl_deagg.deaggregate_records
aws_kpl_deagg.deaggregate_records = lambda *records, **options: whole(*records, **options)[:-1]
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
    assert sum(row[1:2] == ["unpack_arrow()"] for row in rows) == 9
    assert {row[0] for row in rows[-2:]} == {"| aws_kpl_deagg", "| aws_kinesis_agg"}


def test_answers_that_differ_stop_the_benchmark(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOSE_THE_LAST_RECORD, encoding="utf-8")
    environment = {
        **os.environ,
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
        "PYTHONPATH": str(tmp_path),
    }
    command = [sys.executable, str(BENCHMARKS / "measure.py"), "python", str(tmp_path), "0"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert finished.returncode == 1
    assert "not the same answer" in finished.stderr
    assert finished.stdout == ""


def soak(*folders: Path) -> subprocess.CompletedProcess[str]:
    """Runs the soak for 2 seconds with `folders` first on its path."""
    path = os.pathsep.join(map(str, [*folders, TESTS / "support"]))
    command = [sys.executable, str(BENCHMARKS / "soak.py"), "0.03", "--seed", "7"]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_soak_accounts_for_everything() -> None:
    finished = soak()
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("seed 7\n")
    assert re.search(r"^[1-9][0-9,]* user records", finished.stdout, re.MULTILINE)
    for name in ("Lambda", "boto3, base64", "Pipes", "bare payload", "wrong digest"):
        assert re.search(rf"[:;] {name} [1-9]", finished.stdout)


def test_a_lost_record_stops_the_soak(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOSE_THE_LAST_RECORD, encoding="utf-8")
    finished = soak(tmp_path)
    assert finished.returncode == 1
    assert re.search("soak: seed 7, round [0-9]+, thread [01], call [0-9]+: .*", finished.stderr)
    assert "all as they were packed" not in finished.stdout
