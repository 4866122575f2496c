"""Formats the measurements as Markdown tables."""

import importlib.metadata
import os
import platform
from pathlib import Path

from contenders import CONTENDERS, Contender
from workloads import WORKLOADS, Workload

RATIOS = {"mine_to_other": "ours / {}", "other_to_mine": "{} / ours"}
FORMS = {"as_list": "list", "as_iterator": "iterator"}
DISTRIBUTIONS = ["aws_kpl_deagg", "aws_kinesis_agg", "protobuf"]


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def setting() -> str:
    """Returns a sentence that names the command, the machine and the versions."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in DISTRIBUTIONS]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"Measured by `benchmarks/run` on {machine}, with {', '.join([python, *versions])}."


def find(measurements: list[dict], workload: str, form: str, contender: Contender) -> dict:
    for measurement in measurements:
        key = measurement["workload"], measurement["form"], measurement["contender"]
        if key == (workload, form, contender.name):
            return measurement
    raise KeyError((workload, form, contender.name))


def number(value: float) -> str:
    """Formats `value` with three significant digits and commas between thousands."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(quartiles: list[float]) -> str:
    low, median, high = map(number, quartiles)
    return f"**{median}** ({low} to {high})"


def row(measurements: list[dict], workload: str, form: str) -> list[str]:
    found = [find(measurements, workload, form, contender) for contender in CONTENDERS]
    return [
        workload,
        FORMS[form],
        number(found[0]["mine_ns"]),
        *[number(measurement["other_ns"]) for measurement in found],
        *[ratio(each[contender.ratio]) for each, contender in zip(found, CONTENDERS, strict=True)],
    ]


def memory_row(measurements: list[dict], workload: Workload) -> list[str]:
    peer = next(contender for contender in CONTENDERS if contender.name == "upb")
    found = find(measurements, workload.name, "as_list", peer)
    mine, other = found["mine_bytes"], found["other_bytes"]
    return [workload.name, number(mine), number(other), number(other / mine)]


def markdown(head: list[str], rows: list[list[str]], text_columns: int) -> str:
    rule = ["---"] * text_columns + ["---:"] * (len(head) - text_columns)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *rows])


def variant_row(measurement: dict) -> list[str]:
    return [
        measurement["workload"],
        measurement["mine"],
        measurement["other"],
        number(measurement["mine_ns"]),
        number(measurement["other_ns"]),
        ratio(measurement["other_to_mine"]),
    ]


def table(
    measurements: list[dict],
    variants: list[dict],
    columns: list[dict],
    writers: list[dict],
    footprints: list[dict],
) -> str:
    """Returns the tables, each after a sentence that explains it."""
    times = markdown(
        [
            "workload",
            "as",
            "ours, ns",
            *[f"{contender.name}, ns" for contender in CONTENDERS],
            *[RATIOS[contender.ratio].format(contender.name) for contender in CONTENDERS],
        ],
        [row(measurements, workload.name, form) for workload in WORKLOADS for form in FORMS],
        text_columns=2,
    )
    memory = markdown(
        ["workload, as a list", "ours, B", "upb, B", "upb / ours"],
        [memory_row(measurements, workload) for workload in WORKLOADS],
        text_columns=1,
    )
    head = ["ours", "other", "ours, ns", "other, ns", "other / ours"]
    options = markdown(
        ["workload", *head],
        [variant_row(measurement) for measurement in variants],
        text_columns=3,
    )
    as_columns = markdown(
        ["workload", *head],
        [variant_row(measurement) for measurement in columns],
        text_columns=3,
    )
    aggregating = markdown(
        ["user records", *head],
        [variant_row(measurement) for measurement in writers],
        text_columns=3,
    )
    sizes = markdown(
        ["package", "import, ms", "installed, KB"],
        [
            [
                each["package"],
                number(each["import_ns"] / 1e6),
                number(each["installed_bytes"] / 1e3),
            ]
            for each in footprints
        ],
        text_columns=1,
    )
    return f"""\
{setting()}

Times are nanoseconds of CPU time per user record, the median of many calls. The two sides of a
comparison take turns, call by call; a factor is the median of these pairs' ratios, with their
quartiles. *upb* and *pure Python* are aws_kinesis_agg with these backends of protobuf. The *floor*
is C code that only makes an equal answer from the finished one and hashes the payloads with
hashlib.

{times}

Bytes of memory per user record in a finished list, as tracemalloc counts them. Records that are
passed through are not counted, since the caller has them already.

{memory}

Options and bare payloads, as lists:

{options}

Bare payloads as columns. The floor copies the payloads to fresh memory and hashes their messages
side by side, with the package's own kernels.

{as_columns}

Making aggregates of at most 51,200 bytes for one shard. The others do not find the shard of a user
record, and pack() and aiokpl are told here what fits into an aggregate. All of them spend 1.3
nanoseconds per byte on the MD5 of the payload:

{aggregating}

Import time is CPU time, the median over fresh interpreters. The size is that of all files that pip
installs, including dependencies, without cached bytecode.

{sizes}
"""
