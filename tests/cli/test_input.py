"""The command line reads every source, JSON and JSON lines, compressed or not."""

import gzip
import json
import subprocess
import sys
import threading

import aggregates
import pytest
from command_line import (
    COMMAND,
    TIMEOUT,
    json_lines,
    lines,
    message,
    on_terminal,
    run,
    run_text,
)

from aws_kpl_deagg import deaggregate_records
from aws_kpl_deagg._command_input import LONG_FILE, documents

PAYLOAD = aggregates.payload(
    aggregates.message(
        [b"a", b"b"], [aggregates.record(0, b"first"), aggregates.record(1, b"second")]
    )
)
RECORD = aggregates.kinesis_record(PAYLOAD)
PLAIN = aggregates.kinesis_record(b"plain")


def cli_record(payload):
    """A record as `aws kinesis get-records` prints it."""
    return {
        **aggregates.boto3_record(aggregates.base64_text(payload)),
        "ApproximateArrivalTimestamp": "2018-02-08T23:45:07+00:00",
    }


def cli_response(*payloads):
    return {
        "Records": [cli_record(payload) for payload in payloads],
        "NextShardIterator": "AAAAAAAAAAE=",
        "MillisBehindLatest": 0,
    }


ONE_OF_EACH = {
    "Lambda": {"Records": [RECORD]},
    "get-records": cli_response(PAYLOAD),
    "subscribe_to_shard": {"SubscribeToShardEvent": cli_response(PAYLOAD)},
    "Firehose": {"invocationId": "1", "records": [aggregates.firehose_record(PAYLOAD)]},
    "Analytics": {"invocationId": "1", "records": [aggregates.analytics_record(PAYLOAD)]},
    "Pipes": [aggregates.pipes_record(PAYLOAD)],
}
FORMS = {
    "one line": lambda document: json.dumps(document).encode(),
    "indented": lambda document: json.dumps(document, indent=4).encode(),
    "after blank lines": lambda document: b"\n \n" + json.dumps(document, indent=4).encode(),
    "Windows": lambda document: json.dumps(document, indent=4).replace("\n", "\r\n").encode(),
    "UTF-8 with BOM": lambda document: json.dumps(document, indent=4).encode("utf-8-sig"),
    "UTF-16": lambda document: json.dumps(document, indent=4).encode("utf-16"),
    "lines of UTF-16": lambda document: (json.dumps(document) + "\n").encode("utf-16"),
    "gzip": lambda document: gzip.compress(json.dumps(document, indent=4).encode()),
}


@pytest.mark.parametrize("source", ONE_OF_EACH)
def test_every_source(source):
    document = ONE_OF_EACH[source]
    expected = deaggregate_records(document)
    assert [record["kinesis"]["partitionKey"] for record in expected] == ["a", "b"]
    assert lines(run_text(document)) == expected


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("from_file", [True, False], ids=["file", "standard input"])
def test_every_form_of_a_document(form, from_file, tmp_path):
    document = ONE_OF_EACH["get-records"]
    text = FORMS[form](document)
    # Standard input has no name to recognise it by.
    (tmp_path / "records").write_bytes(text)
    process = run("records" if from_file else "-", stdin=text, folder=tmp_path)
    assert lines(process) == deaggregate_records(document)


@pytest.mark.parametrize("between", [b"\n", b"\r\n\r\n", b""], ids=["line", "lines", "nothing"])
def test_several_documents_of_several_lines(between):
    documents = list(ONE_OF_EACH.values())
    text = between.join(json.dumps(document, indent=4).encode() for document in documents)
    expected = [record for document in documents for record in deaggregate_records(document)]
    assert lines(run(stdin=text)) == expected


def test_a_fault_in_a_later_document_of_several_lines_keeps_the_earlier_ones():
    document = ONE_OF_EACH["get-records"]
    text = json.dumps(document, indent=4) + '\n{\n    "Records": [}\n'
    process = run(stdin=text.encode())
    assert [json.loads(line) for line in process.stdout.splitlines()] == json.loads(
        json.dumps(deaggregate_records(document))
    )
    line = text.count("\n")
    assert f"line {line}, column 17: not JSON" in process.stderr.decode()
    assert process.returncode == 1


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["as it is", "gzip"])
def test_json_lines_mix_records_lists_events_and_responses(compress):
    documents = [PLAIN, *ONE_OF_EACH.values(), RECORD, [], [RECORD, PLAIN]]
    expected = [record for document in documents for record in deaggregate_records(document)]
    text = json_lines(documents)
    assert lines(run_text(compress(text))) == expected
    assert lines(run_text(compress(text.replace(b"\n", b"\r\n\n")[:-3]))) == expected


def test_files_of_several_gzip_members_are_one():
    text = gzip.compress(json_lines([RECORD])) + gzip.compress(json_lines([PLAIN]))
    assert lines(run_text(text)) == deaggregate_records([RECORD, PLAIN])


BAD_GZIP = {
    "cut off": gzip.compress(json_lines([PLAIN]))[:-12],
    "wrong checksum": gzip.compress(json_lines([PLAIN]))[:-8] + bytes(8),
    "wrong method": b"\x1f\x8b\x00" + bytes(20),
    "no deflate": b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 20,
}


@pytest.mark.parametrize("case", BAD_GZIP)
def test_bad_gzip_is_named(case):
    line = message(run_text(BAD_GZIP[case]))
    assert line.startswith("python -m aws_kpl_deagg: standard input: ")
    assert not line.endswith((": ", ": None"))


def test_bad_utf16_is_named():
    line = message(run_text("[]\n".encode("utf-16") + b"\x00\xd8\n\x00"))
    assert "standard input: " in line
    assert "utf-16" in line


def test_lines_after_a_bad_first_line_are_read_one_at_a_time():
    lines_of_file = iter([b"{bad\n", b"[]\n", b"{}\n"])
    errors = []
    assert next(documents(lines_of_file, errors.append)) == ("line 2, ", [])
    assert list(lines_of_file) == [b"{}\n"]
    assert [error.partition(": ")[0] for error in errors] == ["line 1, column 2"]


def test_one_line_is_written_before_the_next_is_read():
    large = aggregates.kinesis_record(b"x" * 3_000_000)  # more than any buffer holds
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        # A command that waits for the end of its input would wait for ever.
        watchdog = threading.Timer(TIMEOUT, process.kill)
        watchdog.start()
        try:
            process.stdin.write(json_lines([large, PLAIN]))
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == large
            process.stdin.close()
            assert json.loads(process.stdout.readline()) == PLAIN
        finally:
            watchdog.cancel()
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
@pytest.mark.parametrize("arguments", [[], ["--summary"]])
def test_memory_does_not_grow_with_the_number_of_lines(arguments, tmp_path):
    program = """
import resource, runpy, sys
sys.argv[0] = "__main__.py"
try:
    runpy.run_module("aws_kpl_deagg", run_name="__main__", alter_sys=False)
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""

    def peak(count):
        path = tmp_path / "lines"
        path.write_bytes(json_lines([aggregates.kinesis_record(b"x" * 30_000)]) * count)
        process = subprocess.run(
            [sys.executable, "-c", program, *arguments, path],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
        )
        assert process.returncode == 0
        return int(process.stderr) * 1024

    size = 1500 * 40_000
    assert peak(1500) - peak(1) < size // 4


WITHOUT_TQDM = """
import sys
sys.modules["tqdm"] = None
from aws_kpl_deagg.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def long_file(tmp_path):
    """Returns a file of two lines, the first of them long."""
    path = tmp_path / "long.jsonl"
    path.write_bytes(json_lines([PLAIN])[:-1] + b" " * LONG_FILE + b"\n" + json_lines([RECORD]))
    return path


@pytest.mark.parametrize("program", [["-c", WITHOUT_TQDM], COMMAND[1:]])
def test_no_progress_bar_without_tqdm_or_for_a_short_file(program, long_file):
    if program == COMMAND[1:]:
        long_file.write_bytes(json_lines([PLAIN, RECORD]))
    written_records, shown = on_terminal(program, long_file)
    assert written_records == deaggregate_records([PLAIN, RECORD])
    assert shown == ""


def test_no_progress_bar_where_standard_error_is_not_a_terminal(long_file):
    assert lines(run(long_file)) == deaggregate_records([PLAIN, RECORD])
