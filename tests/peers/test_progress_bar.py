"""The command line's progress bar, which needs tqdm."""

import aggregates
import pytest
from command_line import COMMAND, json_lines, on_terminal

from aws_kpl_deagg import deaggregate_records
from aws_kpl_deagg._command_input import LONG_FILE

PLAIN = aggregates.kinesis_record(b"plain")
AGGREGATE = aggregates.aggregated_kinesis_record(
    aggregates.message([b"a"], [aggregates.record(0, b"data")])
)
DAMAGED = aggregates.kinesis_record(aggregates.MAGIC, "4711")


@pytest.fixture
def long_file(tmp_path):
    """A file of two lines, the first of which is long."""
    path = tmp_path / "long.jsonl"
    path.write_bytes(json_lines([PLAIN])[:-1] + b" " * LONG_FILE + b"\n" + json_lines([AGGREGATE]))
    return path


def test_long_file_has_a_progress_bar_on_a_terminal(long_file):
    written_records, shown = on_terminal(COMMAND[1:], long_file)
    assert written_records == deaggregate_records([PLAIN, AGGREGATE])
    assert "long.jsonl:" in shown
    assert "%|" in shown
    assert "B/s" in shown


def test_progress_bar_and_warnings_do_not_mix(long_file):
    long_file.write_bytes(long_file.read_bytes() + json_lines([DAMAGED]))
    _, shown = on_terminal(COMMAND[1:], long_file)
    assert "%|" in shown
    assert "Kinesis record 4711 is damaged" in shown
    assert "]Kinesis record" not in shown
