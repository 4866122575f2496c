"""A damaged aggregate is passed through untouched, and one log line without data reports why."""

import logging
import pathlib
import subprocess
import sys

import pytest
from aggregates import (
    base64_text,
    bytes_field,
    kinesis_record,
    message,
    payload,
    record,
    varint_field,
)

import aws_kpl_deagg
from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records

SECRET = b"secret"
MESSAGE = message([SECRET], [record(0, SECRET), record(0, SECRET)])
PAYLOAD = payload(MESSAGE)
TEXT = base64_text(PAYLOAD)
PLAIN = kinesis_record(b"plain")

NOT_BASE64 = "not base64"
TOO_SHORT = "too short"
WRONG_DIGEST = "wrong digest"
BAD_MESSAGE = "malformed message"
BAD_INDEX = "index outside its table"


def of_record(record_fields):
    """An aggregate with a sound user record, this one, and another sound one."""
    return payload(
        message([SECRET], [record(0, SECRET), record_fields, record(0, SECRET)], [b"7"])
    )


DAMAGED_TEXTS = {
    "text cut short": (TEXT[:-1], NOT_BASE64),
    "text of the magic alone, cut short": (TEXT[:6], NOT_BASE64),
    "text that is not ASCII": (TEXT + "é", NOT_BASE64),
    "bytes that are not ASCII": (bytearray(TEXT[:-1].encode() + b"\xff"), NOT_BASE64),
}

DAMAGED_PAYLOADS = {
    "magic alone": (PAYLOAD[:4], TOO_SHORT),
    "magic and half a digest": (PAYLOAD[:12], TOO_SHORT),
    "no message": (payload(b""), TOO_SHORT),
    "digest spoilt": (PAYLOAD[:-1] + b"?", WRONG_DIGEST),
    "message spoilt": (PAYLOAD[:5] + b"?" + PAYLOAD[6:], WRONG_DIGEST),
    "one byte after the digest": (PAYLOAD + b"\0", WRONG_DIGEST),
    "message cut short": (payload(MESSAGE[:-1]), BAD_MESSAGE),
    "no message at all": (payload(SECRET), BAD_MESSAGE),
    "no partition key index": (of_record(bytes_field(3, SECRET)), BAD_MESSAGE),
    "no data": (of_record(varint_field(1, 0)), BAD_MESSAGE),
    "tag without key": (of_record(record(0, tags=[bytes_field(2, b"x")])), BAD_MESSAGE),
    "partition key index outside": (of_record(record(1)), BAD_INDEX),
    "explicit hash key index outside": (of_record(record(0, b"", 1)), BAD_INDEX),
    "explicit hash key index without a table": (
        payload(message([SECRET], [record(0, SECRET, 0)])),
        BAD_INDEX,
    ),
}

DAMAGED = DAMAGED_TEXTS | {
    case: (base64_text(damaged), reason) for case, (damaged, reason) in DAMAGED_PAYLOADS.items()
}


def drained(records):
    return list(iter_deaggregate_records(records))


@pytest.fixture(params=[deaggregate_records, drained], ids=["list", "iterator"])
def deaggregate(request):
    return request.param


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_record_is_passed_through_with_one_line(case, deaggregate, caplog):
    data, reason = DAMAGED[case]
    damaged = kinesis_record(data, "123")
    before = {**damaged, "kinesis": dict(damaged["kinesis"])}
    sound = kinesis_record(PAYLOAD)
    output = deaggregate([sound, damaged, PLAIN, sound])
    assert [each is damaged for each in output] == [False, False, True, False, False, False]
    assert output[3] is PLAIN
    assert damaged == before
    (line,) = caplog.records
    assert (line.name, line.levelno) == ("aws_kpl_deagg", logging.WARNING)
    assert line.args == ("123", reason)
    assert "123" in line.getMessage()
    assert reason in line.getMessage()
    # Nothing of the payload.
    logged = repr(vars(line)) + line.getMessage()
    assert "secret" not in logged
    assert "84maw" not in logged
    assert "YXNlY3JldA" not in logged


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PAYLOAD[:3],
        PAYLOAD[1:],
        b"\0" + PAYLOAD,
        b"\xf3\x89\x9a\xc3" + PAYLOAD[4:],
        "84mawg"[:5],
        "84maw",
        "84mawwAA?",
        "84mawA=",
        "not base64",
        "é" + TEXT,
        "\ud800",
        "=",
    ],
    ids=ascii,
)
def test_without_the_magic_nothing_is_damaged(data, deaggregate, caplog):
    one = kinesis_record(data)
    assert deaggregate([one])[0] is one
    assert not caplog.records


@pytest.mark.parametrize("sequence_number", [7, "100%s", "%(x)s", "🔑"])
def test_sequence_number_is_logged_as_it_is(sequence_number, caplog):
    deaggregate_records([kinesis_record(PAYLOAD[:-1] + b"?", sequence_number)])
    (line,) = caplog.records
    assert line.args == (sequence_number, WRONG_DIGEST)
    assert str(sequence_number) in line.getMessage()


@pytest.mark.parametrize("metadata", [{}, {"sequenceNumber": None}])
def test_record_without_sequence_number(metadata, caplog):
    data = base64_text(PAYLOAD[:-1] + b"?")
    one = {"kinesis": {"data": data, **metadata}}
    assert deaggregate_records(one)[0] is one
    (line,) = caplog.records
    assert line.args[1] == WRONG_DIGEST
    assert "Kinesis record without a sequence number is damaged" in line.getMessage()
    assert "None" not in line.getMessage()
    with pytest.raises(AggregateError) as error:
        deaggregate_records(one, strict=True)
    assert error.value.args == (None, WRONG_DIGEST)


@pytest.fixture
def failing_handler():
    class Handler(logging.Handler):
        error = RuntimeError("mine")

        def emit(self, line):
            raise self.error

    handler = Handler()
    logger = logging.getLogger("aws_kpl_deagg")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_no_record_is_lost_to_a_logging_handler_that_raises(
    failing_handler, monkeypatch, deaggregate
):
    unraisable = []
    monkeypatch.setattr(
        sys, "unraisablehook", lambda unraised: unraisable.append(unraised.exc_value)
    )
    records = [kinesis_record(PAYLOAD[:-1] + b"?"), PLAIN, kinesis_record(PAYLOAD[:-2])]
    assert deaggregate(records) == records
    assert unraisable == [failing_handler.error] * 2


def test_level_may_silence_the_logger(caplog, deaggregate):
    caplog.set_level(logging.ERROR, "aws_kpl_deagg")
    records = [kinesis_record(PAYLOAD[:-1] + b"?")]
    assert deaggregate(records) == records
    assert not caplog.records


# Imports

IMPORTS = """
import sys
sys.path.append(sys.argv[1])
before = set(sys.modules)
import aws_kpl_deagg
new = {name.partition(".")[0] for name in set(sys.modules) - before}
# A debug build of Python looks up a codec to load any extension module.
assert new - {"encodings"} == {"aws_kpl_deagg"}, new
"""


def run_fresh(program, *arguments):
    """Runs a program in an interpreter that has imported nothing beyond its own start."""
    folder = str(pathlib.Path(aws_kpl_deagg.__file__).parent.parent)
    command = [sys.executable, "-I", "-S", "-c", IMPORTS + program, folder, *arguments]
    process = subprocess.run(command, timeout=60, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process


def test_logging_is_imported_for_the_first_log_line():
    process = run_fresh(
        """
sound, damaged = ({"kinesis": {"sequenceNumber": "123", "data": data}} for data in sys.argv[2:])
plain = {"kinesis": {"data": "cGxhaW4="}}
assert len(aws_kpl_deagg.deaggregate_records([sound, plain, sound])) == 5
assert "logging" not in sys.modules
assert aws_kpl_deagg.deaggregate_records([damaged])[0] is damaged
assert "logging" in sys.modules
""",
        TEXT,
        TEXT[:-1],
    )
    # Without any set-up, logging writes warnings to standard error.
    assert "123" in process.stderr
    assert NOT_BASE64 in process.stderr
    assert len(process.stderr.splitlines()) == 1
