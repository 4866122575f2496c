"""What mypy and pyright know about the results."""

import re
import subprocess
import sys

# Both type checkers complain about a comment that silences nothing, so each of them has found
# exactly the mistakes that are marked.
PROGRAM = """
from collections.abc import Iterator, Mapping
from typing import Any

from typing_extensions import assert_type

from aws_kpl_deagg import (
    AggregateError,
    UserRecord,
    __version__,
    is_aggregated,
    iter_deaggregate_records,
    unpack,
)
from aws_kpl_deagg.deaggregator import deaggregate_records
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord

Dict = dict[str, Any]


def plain_call(
    event: Dict, record: Dict, records: list[Dict], others: Iterator[Mapping[str, Any]]
) -> None:
    assert_type(deaggregate_records(event), list[Dict | DeaggregatedRecord])
    assert_type(deaggregate_records(record), list[Dict | DeaggregatedRecord])
    assert_type(deaggregate_records(records=records), list[Dict | DeaggregatedRecord])
    assert_type(deaggregate_records(others), list[Mapping[str, Any] | DeaggregatedRecord])
    for user_record in deaggregate_records(event["Records"]):
        assert_type(user_record["kinesis"]["data"], Any | str)
        text: str = user_record["kinesis"]["data"]
        data: bytes = user_record["kinesis"]["data"]  # wrong: assignment reportAssignmentType


def options(records: list[Dict], flag: bool) -> None:
    for decoded in deaggregate_records(records, decode=True, verify=False):
        assert_type(decoded["kinesis"]["data"], Any | bytes)
        text: str = decoded["kinesis"]["data"]  # wrong: assignment reportAssignmentType
    for strict in deaggregate_records(records, decode=True, strict=True):
        assert_type(strict, DecodedRecord)
        assert_type(strict["kinesis"]["data"], bytes)
    assert_type(
        deaggregate_records(records, "Boto3", decode=flag, strict=flag, hash_key_range=(0, 1)),
        list[Dict | DeaggregatedRecord | DecodedRecord],
    )
    deaggregate_records(records, strict=True, hash_key_range=None, data_format=None)
    deaggregate_records(records, "Boto")  # wrong: call-overload reportArgumentType
    deaggregate_records("records")  # wrong: type-var reportArgumentType
    deaggregate_records(1)  # wrong: call-overload reportArgumentType


def iterator(records: list[Dict]) -> None:
    user_records = iter_deaggregate_records(records)
    assert_type(next(user_records), Dict | DeaggregatedRecord)
    for user_record in user_records:
        assert_type(user_record["kinesis"]["data"], Any | str)
    user_records.close()
    user_records.send(None)  # wrong: attr-defined reportAttributeAccessIssue
    for decoded in iter_deaggregate_records(records, decode=True, strict=True):
        assert_type(decoded["kinesis"]["data"], bytes)


def payloads(payload: bytes, view: memoryview, column: bytearray) -> None:
    assert_type(is_aggregated(view), bool)
    is_aggregated("payload")  # wrong: arg-type reportArgumentType
    try:
        (user_record, *_) = unpack(column, verify=False)
    except AggregateError as error:
        assert_type(error.sequence_number, str | None)
        assert_type(error.reason, str)
        return
    assert_type(user_record, UserRecord)
    assert_type(user_record.data, bytes)
    partition_key, explicit_hash_key, data, tags = user_record
    assert_type(partition_key, str)
    assert_type(explicit_hash_key, str | None)
    assert_type(data, bytes)
    assert_type(tags, tuple[tuple[str, str | None], ...])
    assert_type(user_record._replace(data=b""), UserRecord)
    assert_type(UserRecord("a", None, b"", ()), UserRecord)
    assert_type(__version__, str)
"""


def run(folder, *command):
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_mypy_knows_what_comes_out(tmp_path):
    text = re.sub(r"# wrong: (\S+) \S+", r"# type: ignore[\1]", PROGRAM)
    (tmp_path / "program.py").write_text(text)
    run(tmp_path, "mypy", "--strict", "program.py")


def test_pyright_knows_what_comes_out(tmp_path):
    text = re.sub(r"# wrong: \S+ (\S+)", r"# pyright: ignore[\1]", PROGRAM)
    settings = "# pyright: standard, reportUnnecessaryTypeIgnoreComment=true\n"
    (tmp_path / "program.py").write_text(settings + text)
    run(tmp_path, "pyright", "--pythonpath", sys.executable, "program.py")
