"""unpack_arrow() beside other ways from payloads to a table, and to user records at all."""

import base64
import ctypes
import shlex
import subprocess
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import aws_kinesis_agg.deaggregator as kinesis_agg
import pyarrow as pa
from workloads import WORKLOADS

from aws_kpl_deagg import unpack, unpack_arrow

HERE = Path(__file__).parent
LIBRARY = "columns_floor.so"
NUMBERS = [2, 3, 0]
SCHEMA = pa.schema(
    {
        "payload_index": pa.int64(),
        "sub_sequence_number": pa.int32(),
        "partition_key": pa.string(),
        "explicit_hash_key": pa.string(),
        "data": pa.binary(),
        "damage": pa.string(),
    }
)
# A batch of the recipe ends with the payload that reaches this number of rows.
ROWS = 10_000


class Way(NamedTuple):
    """A way to read payloads. `prepare` returns a call; `rows`, the rows in its result, to compare
    them with ours.
    """

    name: str
    prepare: Callable[[list[bytes]], Callable[[], Any]]
    rows: Callable[[Any], list[dict]] | None


def through_lists(payloads: list[bytes]) -> list[pa.RecordBatch]:
    """Makes columns from the user records of unpack(), as the recipe for Spark did before."""
    batches = []
    columns: dict[str, list] = {name: [] for name in SCHEMA.names}
    for index, payload in enumerate(payloads):
        user_records = unpack(payload)
        columns["payload_index"] += [index] * len(user_records)
        columns["sub_sequence_number"] += range(len(user_records))
        columns["partition_key"] += [each.partition_key for each in user_records]
        columns["explicit_hash_key"] += [each.explicit_hash_key for each in user_records]
        columns["data"] += [each.data for each in user_records]
        columns["damage"] += [None] * len(user_records)
        if len(columns["data"]) >= ROWS:
            batches.append(pa.RecordBatch.from_pydict(columns, SCHEMA))
            columns = {name: [] for name in columns}
    batches.append(pa.RecordBatch.from_pydict(columns, SCHEMA))
    return batches


def with_kinesis_agg(payloads: list[bytes]) -> Callable[[], list]:
    records = [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "sequenceNumber": str(number),
                "partitionKey": "a",
                "approximateArrivalTimestamp": 1518133507.063,
                "data": base64.b64encode(payload).decode(),
            }
        }
        for number, payload in enumerate(payloads)
    ]
    return partial(kinesis_agg.deaggregate_records, records)


def compile_columns_floor(folder: Path) -> None:
    """Compiles columns_floor.c with the package's kernels into `folder`."""
    kernels = HERE.parent / "src"
    compiler = shlex.split(sysconfig.get_config_var("CC"))
    sources = [HERE / "columns_floor.c", *kernels.glob("kpl/simd/*.c")]
    flags = ["-std=c11", "-O3", "-fPIC", "-shared", f"-I{kernels}"]
    subprocess.run([*compiler, *flags, *sources, "-o", folder / LIBRARY], check=True)


def with_floor(folder: Path, payloads: list[bytes]) -> Callable[[], int]:
    copy_and_hash = ctypes.CDLL(str(folder / LIBRARY)).copy_and_hash
    addresses = (ctypes.c_char_p * len(payloads))(*payloads)
    sizes = (ctypes.c_size_t * len(payloads))(*map(len, payloads))

    def call() -> int:
        result: int = copy_and_hash(addresses, sizes, ctypes.c_size_t(len(payloads)))
        assert result >= 0
        return result

    return call


def as_rows(batches: Any) -> list[dict]:
    return pa.table(batches).to_pylist()


OURS = Way("unpack_arrow()", lambda payloads: partial(unpack_arrow, payloads), None)


def other_ways(folder: Path) -> list[Way]:
    return [
        Way(
            "unpack(), then RecordBatch.from_pydict()",
            lambda payloads: partial(through_lists, payloads),
            lambda batches: pa.Table.from_batches(batches).to_pylist(),
        ),
        Way("a list of aws_kinesis_agg (upb)", with_kinesis_agg, None),
        Way("floor: copying and hashing", partial(with_floor, folder), None),
    ]


def workloads() -> list[tuple[str, int, list[bytes]]]:
    """Returns names, numbers of user records, and payloads."""
    return [
        (
            workload.name,
            workload.user_record_count,
            [base64.b64decode(each["kinesis"]["data"]) for each in workload.kinesis_records()],
        )
        for workload in (WORKLOADS[number] for number in NUMBERS)
    ]
