"""Several interpreters in one process, their ends, and the module imported more than once."""

import concurrent.futures
import json
import subprocess
import sys

import pytest
from aggregates import MAGIC, aggregated_kinesis_record, kinesis_record, message, payload, record
from extension import import_again
from interpreters import new_interpreter, run

from aws_kpl_deagg import _deagg, deaggregate_records

AT_ONCE = 4

# Sound and damaged aggregates and a plain record.
MESSAGE = message([b"one", b"two"], [record(i % 2, b"%d" % i * 100) for i in range(300)], [b"7"])
EVENT = {
    "Records": [
        aggregated_kinesis_record(MESSAGE),
        kinesis_record(b"plain"),
        kinesis_record(MAGIC + MESSAGE + bytes(16)),
    ]
}

DEAGGREGATE = """
import json
import logging
import aws_kpl_deagg
# Its standard error is not the one that pytest captures.
logging.getLogger("aws_kpl_deagg").addHandler(logging.NullHandler())
with open({event!r}) as file:
    event = json.load(file)
for _ in range({rounds}):
    results = aws_kpl_deagg.deaggregate_records(event)
    assert list(aws_kpl_deagg.iter_deaggregate_records(event)) == results
with open({results!r}, "w") as file:
    json.dump(results, file)
"""

RAISE = """
try:
    aws_kpl_deagg.deaggregate_records(event, strict=True)
except aws_kpl_deagg.AggregateError as error:
    assert error.reason == "wrong digest"
else:
    raise AssertionError("no error")
"""

LEAVE_HALF_WAY = """
iterator = aws_kpl_deagg.iter_deaggregate_records(event)
next(iterator)
user_records = aws_kpl_deagg.unpack({payload!r})
everything = [iterator, user_records, aws_kpl_deagg.AggregateError("1", "wrong digest")]
everything.append(everything)
"""


@pytest.fixture
def programs(tmp_path):
    """Makes a program that deaggregates EVENT; returns it and the path of its results."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT))

    def make(name, rounds=1):
        results = tmp_path / f"{name}.json"
        program = DEAGGREGATE.format(event=str(event), rounds=rounds, results=str(results))
        return program, results

    return make


def test_in_another_interpreter(programs):
    program, results = programs("other")
    with new_interpreter() as interpreter:
        run(interpreter, program + RAISE)
    assert json.loads(results.read_text()) == deaggregate_records(EVENT)


def test_several_at_once(programs):
    """From 3.12 on they run in parallel: each has a GIL of its own."""
    made = [programs(f"{i}", rounds=50) for i in range(AT_ONCE)]

    def work(program):
        with new_interpreter() as interpreter:
            run(interpreter, program)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work, [program for program, _ in made], timeout=60))
    expected = deaggregate_records(EVENT)
    for _, results in made:
        assert json.loads(results.read_text()) == expected


def test_after_an_interpreter_has_ended(programs):
    """It ends with unfinished iterators and cycles; the remaining interpreters are unaffected."""
    expected = deaggregate_records(EVENT)
    iterator = _deagg.iter_deaggregate_records(EVENT)
    started = [next(iterator)]
    program, results = programs("ended")
    with new_interpreter() as staying:
        run(staying, program)
        for _ in range(3):
            with new_interpreter() as ending:
                run(ending, program + LEAVE_HALF_WAY.format(payload=payload(MESSAGE)))
            results.unlink()
            run(staying, program)
            assert json.loads(results.read_text()) == expected
    assert started + list(iterator) == expected
    assert deaggregate_records(EVENT) == expected


def test_imported_again():
    again = import_again()
    assert again is not _deagg
    assert again.AggregateError is not _deagg.AggregateError
    assert again.deaggregate_records(EVENT) == _deagg.deaggregate_records(EVENT)
    for module in [again, _deagg]:
        with pytest.raises(module.AggregateError):
            module.deaggregate_records(EVENT, strict=True)


USE_AND_DROP_ANOTHER = """
import gc, importlib.util, json, sys, weakref
from aws_kpl_deagg import _deagg

def import_use_and_drop():
    spec = importlib.util.spec_from_file_location(_deagg.__name__, _deagg.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    watched = [weakref.ref(each) for each in (again, again.UserRecord, again.AggregateError)]
    iterator = again.iter_deaggregate_records(event)
    started = [next(iterator)]
    del again
    gc.collect()
    assert started + list(iterator) == _deagg.deaggregate_records(event)
    return watched

event = json.load(sys.stdin)
watched = import_use_and_drop()
gc.collect()
print(*(reference() for reference in watched))
"""


def test_dropped_after_a_second_import():
    """Its objects stay usable without it; then all of it is freed, and the first module stays.

    In a process of its own, because a free-threaded 3.13 keeps modules and types once other
    interpreters have run.
    """
    command = [sys.executable, "-c", USE_AND_DROP_ANOTHER]
    finished = subprocess.run(command, input=json.dumps(EVENT), capture_output=True, text=True)
    assert finished.stdout == "None None None\n", finished.stderr
