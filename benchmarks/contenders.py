"""The table of contenders, and the functions that make their answers comparable."""

import base64
import shlex
import subprocess
import sysconfig
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import aws_kinesis_agg.deaggregator as kinesis_agg

import aws_kpl_deagg

DIGEST_END = -16
MAGIC_END = 4


class Calls(NamedTuple):
    """A contender prepared for one workload: calls without arguments."""

    as_list: Callable[[], list]
    as_iterator: Callable[[], Iterable]


class Contender(NamedTuple):
    """An implementation timed against this package, in a process with this protobuf backend."""

    name: str
    label: str
    ratio: str
    backend: str
    prepare: Callable[[list[dict]], Calls]
    normalise: Callable[[list], list]


def ours(kinesis_records: list[dict]) -> Calls:
    return Calls(
        partial(aws_kpl_deagg.deaggregate_records, kinesis_records),
        partial(aws_kpl_deagg.iter_deaggregate_records, kinesis_records),
    )


def aws_kinesis_agg(kinesis_records: list[dict]) -> Calls:
    return Calls(
        partial(kinesis_agg.deaggregate_records, kinesis_records),
        partial(kinesis_agg.iter_deaggregate_records, kinesis_records),
    )


def floor(kinesis_records: list[dict]) -> Calls:
    from floor import Floor

    payloads = []
    for record in kinesis_records:
        user_records = aws_kpl_deagg.deaggregate_records(record)
        if user_records[0] is record:
            payloads.append((None, None, user_records))
        else:
            message = base64.b64decode(record["kinesis"]["data"])[MAGIC_END:DIGEST_END]
            text = "".join(each["kinesis"]["data"] for each in user_records)
            payloads.append((message, text, user_records))
    prepared = Floor(payloads)
    return Calls(prepared.build, partial(iter, prepared))


def unchanged(answer: list) -> list:
    return answer


def data_as_str(answer: list[dict]) -> list[dict]:
    """Converts the data of aws_kinesis_agg's user records, which is bytes, to str as in ours."""
    for record in answer:
        data = record["kinesis"]["data"]
        if isinstance(data, bytes):
            record["kinesis"]["data"] = data.decode("ascii")
    return answer


CONTENDERS = [
    Contender(
        name="floor",
        label="the floor",
        ratio="mine_to_other",
        backend="upb",
        prepare=floor,
        normalise=unchanged,
    ),
    Contender(
        name="upb",
        label="aws_kinesis_agg, upb",
        ratio="other_to_mine",
        backend="upb",
        prepare=aws_kinesis_agg,
        normalise=data_as_str,
    ),
    Contender(
        name="pure Python",
        label="aws_kinesis_agg, pure Python",
        ratio="other_to_mine",
        backend="python",
        prepare=aws_kinesis_agg,
        normalise=data_as_str,
    ),
]


def compile_floor(folder: Path) -> None:
    """Compiles floor.c into `folder` in the same way as the package itself."""
    source = Path(__file__).with_name("floor.c")
    target = folder / ("floor" + sysconfig.get_config_var("EXT_SUFFIX"))
    linker = shlex.split(sysconfig.get_config_var("LDSHARED"))
    include = sysconfig.get_path("include")
    command = [*linker, "-O3", "-fPIC", f"-I{include}", str(source), "-o", str(target)]
    subprocess.run(command, check=True)
