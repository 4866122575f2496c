"""Measures import time in a fresh interpreter and installed size, ours and aws_kinesis_agg's."""

import importlib.metadata
import statistics
import subprocess
import sys

TIMED_IMPORT = (
    "import time; start = time.process_time_ns(); import {module}; "
    "print(time.process_time_ns() - start)"
)

# The module to import for deaggregation, and the distributions that it requires.
PACKAGES = {
    "aws_kpl_deagg": ("aws_kpl_deagg.deaggregator", ["aws_kpl_deagg"]),
    "aws_kinesis_agg": ("aws_kinesis_agg.deaggregator", ["aws_kinesis_agg", "protobuf", "six"]),
}


def import_ns(module: str) -> int:
    command = [sys.executable, "-I", "-c", TIMED_IMPORT.format(module=module)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def installed_bytes(distributions: list[str]) -> int:
    """Returns the size of all files of these distributions, except cached bytecode."""
    return sum(
        path.locate().stat().st_size
        for distribution in distributions
        for path in importlib.metadata.files(distribution) or []
        if path.suffix != ".pyc" and path.locate().exists()
    )


def measure(rounds: int) -> list[dict]:
    """Returns, for each package, the median import time in ns and the size in bytes.

    The packages take turns.
    """
    times: dict[str, list[int]] = {name: [] for name in PACKAGES}
    for _ in range(rounds):
        for name, (module, _distributions) in PACKAGES.items():
            times[name].append(import_ns(module))
    return [
        {
            "package": name,
            "import_ns": statistics.median(times[name]),
            "installed_bytes": installed_bytes(distributions),
        }
        for name, (_module, distributions) in PACKAGES.items()
    ]
