"""Compares this package with its peers, and writes results/table.md and results/chart.svg.

Prints the tables as well. With --quick, every answer is checked but timed only once, so the
figures are meaningless, and no file is written.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import chart
import footprint
import report
from columns import compile_columns_floor
from contenders import compile_floor

HERE = Path(__file__).parent
RESULTS = HERE / "results"
BACKENDS = ["upb", "python"]

# Spent on each of 7 workloads, as list and as iterator, against each of 3 contenders, on each of
# 12 variants, on each of 3 workloads as columns with 3 other ways, and on each of 4 lists of user
# records with 3 pairs of writers: six minutes in total.
SECONDS = 4.0
IMPORT_ROUNDS = 40


def measure(backend: str, floor_folder: str, seconds: float) -> dict[str, list[dict]]:
    """Returns all measurements with this protobuf backend, taken in a separate process."""
    environment = {
        **os.environ,
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": backend,
        "PYTHONPATH": floor_folder,
    }
    command = [sys.executable, str(HERE / "measure.py"), backend, floor_folder, str(seconds)]
    process = subprocess.run(command, env=environment, stdout=subprocess.PIPE)
    if process.returncode:
        sys.exit(process.returncode)
    return json.loads(process.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="check every answer, but time it only once"
    )
    quick = parser.parse_args().quick
    measurements, variants, columns, writers = [], [], [], []
    with tempfile.TemporaryDirectory() as floor_folder:
        compile_floor(Path(floor_folder))
        compile_columns_floor(Path(floor_folder))
        for backend in BACKENDS:
            measured = measure(backend, floor_folder, 0.0 if quick else SECONDS)
            measurements += measured["measurements"]
            variants += measured["variants"]
            columns += measured["columns"]
            writers += measured["writers"]
    footprints = footprint.measure(1 if quick else IMPORT_ROUNDS)
    table = report.table(measurements, variants, columns, writers, footprints)
    print(table)
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "table.md").write_text(table, encoding="utf-8")
        chart.draw(table, RESULTS / "chart.svg")


if __name__ == "__main__":
    main()
