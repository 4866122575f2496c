"""The table that the command line prints with --summary."""

import json
import re

import aggregates
import pytest
from command_line import json_lines, run, run_text

from aws_kpl_deagg import _command_summary, deaggregate_records
from aws_kpl_deagg._command_summary import Summary


def aggregate(*contents, partition_keys=(b"a", b"b")):
    """The payload of an aggregate of user records, each (partition key index, data)."""
    return aggregates.payload(
        aggregates.message(partition_keys, [aggregates.record(*each) for each in contents])
    )


TWO = aggregate((0, b"12345"), (1, b""))
FIVE = aggregate(*[(1, b"123")] * 5)
NONE = aggregate()
WRONG_DIGEST = TWO[:-1] + bytes([TWO[-1] ^ 1])

SOURCES = {
    "Lambda": aggregates.kinesis_record,
    "get-records": lambda data: {
        "Data": aggregates.text_of_data(data),
        "SequenceNumber": "1",
        "PartitionKey": "a",
    },
    "Firehose": aggregates.firehose_record,
    "Analytics": aggregates.analytics_record,
    "Pipes": aggregates.pipes_record,
}


def table(process, warnings=0):
    """Returns the rows of the table on standard output, spaces in labels squeezed."""
    assert process.returncode == 0
    assert process.stderr.count(b": warning: Kinesis record ") == warnings
    assert len(process.stderr.splitlines()) == warnings
    return rows_of(process.stdout.decode())


def rows_of(text):
    heading, *rows = text.splitlines()
    assert all(row.startswith("  ") for row in rows)
    return heading, dict(re.fullmatch(r" *(.*?)(?:  +(\S+))?", row).groups() for row in rows)


def records_of_every_kind(source):
    payloads = (TWO, FIVE, TWO, b"plain", b"", WRONG_DIGEST, "8" * 7, NONE, aggregates.MAGIC)
    return [SOURCES[source](payload) for payload in payloads]


@pytest.mark.parametrize("source", SOURCES)
def test_every_row(source):
    records = records_of_every_kind(source)
    heading, rows = table(run_text(json_lines(records), "--summary"), warnings=3)
    assert heading == "standard input"
    assert rows == {
        "Kinesis records": "9",
        "aggregates": "4",
        "plain": "2",
        "damaged": "3",
        "wrong digest": "1",
        "not base64": "1",
        "too short": "1",
        "user records in aggregates": "9",
        "per aggregate, minimum": "0",
        "per aggregate, median": "2",
        "per aggregate, maximum": "5",
        "bytes of data, plain included": str(5 + 15 + 5 + 5),
        "top partition keys": None,
        "'b'": "7",
        "'a'": "4",
    }


def test_every_figure_as_json(tmp_path):
    (tmp_path / "every.jsonl").write_bytes(json_lines([*records_of_every_kind("Lambda"), {}]))
    process = run("--summary=json", "every.jsonl", "-", folder=tmp_path)
    assert process.returncode == 1
    assert [json.loads(line) for line in process.stdout.splitlines()] == [
        {
            "file": "every.jsonl",
            "kinesisRecords": 9,
            "aggregates": 4,
            "plain": 2,
            "damaged": 3,
            "damagedByReason": {"wrong digest": 1, "not base64": 1, "too short": 1},
            "errors": 1,
            "userRecords": 9,
            "userRecordsPerAggregate": {"minimum": 0, "median": 2, "maximum": 5},
            "dataBytes": 5 + 15 + 5 + 5,
            "topPartitionKeys": [
                {"partitionKey": "b", "count": 7},
                {"partitionKey": "a", "count": 4},
            ],
            "topPartitionKeysAreExact": True,
        },
        {
            "file": "-",
            "kinesisRecords": 0,
            "aggregates": 0,
            "plain": 0,
            "damaged": 0,
            "damagedByReason": {},
            "errors": 0,
            "userRecords": 0,
            "userRecordsPerAggregate": {"minimum": None, "median": None, "maximum": None},
            "dataBytes": 0,
            "topPartitionKeys": [],
            "topPartitionKeysAreExact": True,
        },
    ]


def test_median_of_an_even_number():
    _, rows = table(run_text([SOURCES["Lambda"](data) for data in (TWO, FIVE)], "--summary"))
    assert rows["per aggregate, median"] == "3.5"


def test_without_aggregates():
    _, rows = table(run_text([], "--summary"))
    assert rows == {
        "Kinesis records": "0",
        "aggregates": "0",
        "plain": "0",
        "damaged": "0",
        "user records in aggregates": "0",
        "bytes of data, plain included": "0",
    }


def test_user_records_that_go_in_are_plain():
    user_records = deaggregate_records([aggregates.kinesis_record(TWO)])
    nested = {**user_records[0], "kinesis": {**user_records[0]["kinesis"]}}
    nested["kinesis"]["data"] = aggregates.base64_text(FIVE)
    _, rows = table(run_text([*user_records, nested], "--summary"))
    assert (rows["plain"], rows["aggregates"]) == ("2", "1")
    assert rows["user records in aggregates"] == "5"


def test_one_table_for_each_file(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(aggregates.kinesis_record(TWO)))
    (tmp_path / "two.json").write_text(json.dumps([aggregates.kinesis_record(b"")] * 2))
    process = run("--summary", "one.json", "two.json", folder=tmp_path)
    assert (process.returncode, process.stderr) == (0, b"")
    one, two = process.stdout.decode().split("two.json\n")
    assert re.search(r"^one.json\n  Kinesis records +1\n", one)
    assert re.search(r"^  Kinesis records +2\n", two)


def test_columns_are_aligned():
    process = run_text([aggregates.kinesis_record(FIVE)] * 2, "--summary")
    rows = process.stdout.decode().splitlines()[1:]
    assert len({len(row) for row in rows if row[-1].isdigit()}) == 1


def test_errors_do_not_hide_the_rest(tmp_path):
    record = aggregates.kinesis_record(TWO)
    (tmp_path / "bad.jsonl").write_bytes(json_lines([record, 7, [{"foreign": 1}, record]]))
    process = run("--summary", "bad.jsonl", "missing", folder=tmp_path)
    assert process.returncode == 1
    bad_line, foreign, missing = process.stderr.decode().splitlines()
    assert "bad.jsonl: line 2: " in bad_line
    assert "bad.jsonl: line 3, record 1: " in foreign
    assert "missing: No such file" in missing
    heading, rows = rows_of(process.stdout.decode())
    assert (heading, rows["Kinesis records"]) == ("bad.jsonl", "2")
    assert rows["errors, left out"] == "2"


def test_strict_counts_what_it_stops_at():
    two, damaged = (aggregates.kinesis_record(data) for data in (TWO, WRONG_DIGEST))
    process = run_text([two, 7, damaged, two], "--summary", "--strict")
    assert process.returncode == 1
    _, last = process.stderr.decode().splitlines()
    assert last.endswith(": wrong digest")
    _, rows = rows_of(process.stdout.decode())
    assert (rows["aggregates"], rows["damaged"], rows["errors, left out"]) == ("1", "1", "1")


def test_partition_keys_are_not_commands_to_the_terminal():
    record = aggregates.kinesis_record(aggregate((0, b""), partition_keys=["\x1b[2Jé".encode()]))
    process = run_text(record, "--summary")
    assert r"  '\x1b[2Jé'" in process.stdout.decode()


@pytest.mark.parametrize("partition_key", [None, 7, ["a"]])
def test_partition_key_that_is_not_text(partition_key):
    record = aggregates.kinesis_record(b"plain")
    record["kinesis"]["partitionKey"] = partition_key
    _, rows = table(run_text(record, "--summary"))
    assert (rows["plain"], "top partition keys" in rows) == ("1", False)


def test_rare_partition_keys_are_forgotten(monkeypatch):
    monkeypatch.setattr(_command_summary, "MOST_KEYS", 2)
    summary = Summary()
    for key in (b"often", b"a", b"often", b"b", b"c", b"d", b"e", b"often"):
        payload = aggregate((0, b""), partition_keys=[key])
        summary.add(aggregates.kinesis_record(payload))
        assert len(summary.partition_keys) <= 4
    _, rows = rows_of("heading\n" + summary.table())
    assert rows["'often'"] == "3"
    assert rows["top partition keys (at least)"] is None
