"""Holds the tables of README.md against the package."""

import inspect
import re
import sys

import pytest
import readme
from aggregates import (
    ALL_HASH_KEYS,
    BUILDERS,
    base64_text,
    boto3_record,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged
from kpl_vectors import expected_output
from readme import PAYLOAD

import aws_kpl_deagg
from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

# Sources, options and reasons

ARRIVALS = {"float, seconds": float, "int, milliseconds": int}


def without(source_record, key):
    return {each: value for each, value in source_record.items() if each != key}


def test_every_source_has_a_row():
    labels = [label for label, *_ in readme.rows("sources")]
    of_each = [[source for source in BUILDERS if source in label] for label in labels]
    assert sorted(of_each) == sorted([source] for source in BUILDERS)


@pytest.mark.parametrize("source", BUILDERS)
def test_a_source(source):
    (row,) = [row for row in readme.rows("sources") if source in row[0]]
    _, recognised_by, data_form, arrival = row
    keys = readme.inline_code(recognised_by)
    forms = [base64_text(PAYLOAD), PAYLOAD] if "bytes" in data_form else [base64_text(PAYLOAD)]
    for data in forms:
        whole = BUILDERS[source](data)
        least = {key: value for key, value in whole.items() if key in [*keys, "data"]}
        for made in (whole, least):
            outputs = deaggregate_records([made], decode=True)
            assert [each["kinesis"]["data"] for each in outputs] == [b"x", b"yz"]
        for key in keys:
            with pytest.raises(KeyError):
                deaggregate_records([without(least, key)])
    value = deaggregate_records([whole])[0]["kinesis"]["approximateArrivalTimestamp"]
    if arrival == "`datetime`":
        assert type(value).__name__ == "datetime"
    else:
        assert type(value) is ARRIVALS[arrival]
        assert int(value) // (1000 if "milliseconds" in arrival else 1) == 1518133507


def test_options():
    shown = [code for row in readme.rows("options") for code in readme.inline_code(row[0])]
    parameters = inspect.signature(deaggregate_records).parameters
    keyword_only = {name for name, each in parameters.items() if each.kind is each.KEYWORD_ONLY}
    assert {code.partition("=")[0] for code in shown} == keyword_only
    for code in [*shown, "data_format='Boto3'"]:
        assert code in readme.inline_code()
        expression = f"deaggregate_records([made], {code})"
        names = {"made": kinesis_record(PAYLOAD), "deaggregate_records": deaggregate_records}
        outputs = eval(expression, names, {"first": 0, "last": ALL_HASH_KEYS[1]})
        assert len(outputs) == 2


def reasons():
    code = (readme.PROJECT / "src" / "damage.c").read_text()
    found = set(re.findall(r'return "(.+)";', code))
    assert len(found) == 9
    return found


def test_reasons():
    assert sorted(readme.reasons()) == sorted(reasons())


def test_calls_within_the_text():
    signature = inspect.signature(deaggregate_records)
    for code in readme.inline_code():
        if re.fullmatch(r"\w+=.*", code):
            assert code.partition("=")[0] in signature.parameters, code
        if call := re.fullmatch(r"(\w+)\((.*)\)", code):
            name, arguments = call.groups()
            assert name in aws_kpl_deagg.__all__ or hasattr(iter_deaggregate_records([]), name)
            assert arguments in ("", "records", "payload")


def test_figures():
    measured = (readme.PROJECT / "benchmarks" / "results" / "table.md").read_text().splitlines()
    rows = [row for row in readme.rows("performance") if row[1] in ("list", "iterator")]
    assert len(rows) == 14
    for _, made, *times, factor in rows:
        (row,) = [line for line in measured if f"| {made} | {' | '.join(times)} |" in line]
        _, theirs, _ = re.findall(r"\*\*(.+?)\*\*", row)
        digits = 1 if float(theirs) < 10 else 0
        assert factor == f"{float(theirs):.{digits}f} times"


# Coming from another package

BAD_INDEX = payload(message([b"a"], [record(0, b"x"), record(5, b"y"), record(0, b"z")]))
WITH_METADATA = kinesis_record(PAYLOAD)
WITH_METADATA["kinesis"]["encryptionType"] = "KMS"


def keys_of(outputs):
    return list(outputs[0]["kinesis"])


def data_of(outputs):
    return [each["kinesis"]["data"] for each in outputs]


def names_of(outputs):
    return outputs[0]["kinesis"]["explicitHashKey"], outputs[0]["kinesis"]["partitionKey"]


PLAIN = kinesis_record(b"plain")
SOUND = kinesis_record(PAYLOAD)
ODD_KEY = kinesis_record(payload(message([b"\xff"], [record(0)])))
USER_KEYS = list(expected_output(0)["kinesis"])

# These two rows have tests of their own.
IMPORT, BAD_BASE64 = "You import", "base64 that does not decode"

# A row's words, a record, what to look at, and that of aws_kinesis_agg's output and of ours.
ROWS = [
    ("the calls", SOUND, len, 2, 2),
    ("order, laziness", SOUND, data_of, [b"eA==", b"eXo="], ["eA==", "eXo="]),
    ("plain and damaged", PLAIN, lambda outputs: outputs[0] is PLAIN, True, True),
    ("keys of the user record", SOUND, keys_of, USER_KEYS, USER_KEYS),
    ("`data` of user records", SOUND, data_of, [b"eA==", b"eXo="], ["eA==", "eXo="]),
    ("no explicit hash key", SOUND, names_of, ("7", "a"), (None, "a")),
    ("outside its table", kinesis_record(BAD_INDEX), data_of, [b"eA=="], [base64_text(BAD_INDEX)]),
    ("not UTF-8", ODD_KEY, names_of, (None, b"\xff"), (None, "\ufffd")),
    ("other metadata", WITH_METADATA, keys_of, USER_KEYS, [*USER_KEYS, "encryptionType"]),
    ("boto3 records", boto3_record(b"plain"), data_of, [b"plain"], ["cGxhaW4="]),
]


def test_every_row_is_compared():
    labels = [label for label, *_ in readme.rows("coming")]
    words = [*(row[0] for row in ROWS), IMPORT, BAD_BASE64]
    of_each = [[each for each in words if each in label] for label in labels]
    assert sorted(of_each) == sorted([each] for each in words)


@pytest.fixture
def theirs(monkeypatch):
    """The names that README.md's import from aws_kinesis_agg stands for."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (ours,) = imports_of("aws_kpl_deagg.deaggregator")
    (line,) = imports_of("aws_kinesis_agg.deaggregator")
    return readme.run(line.replace("...", ours.partition(" import ")[2]))[0]


def imports_of(module):
    return [code for code in readme.inline_code() if code.startswith(f"from {module} import ")]


def test_the_import_stays():
    (line,) = imports_of("aws_kpl_deagg.deaggregator")
    names, _ = readme.run(line)
    for name in ("deaggregate_records", "iter_deaggregate_records"):
        assert names[name] is getattr(aws_kpl_deagg, name)


@pytest.mark.peers
@pytest.mark.parametrize(("made", "look", "old", "new"), [row[1:] for row in ROWS])
def test_what_stays_and_what_differs(theirs, made, look, old, new):
    data_format = {"data_format": "Boto3"} if "Data" in made else {}
    outputs = list(theirs["iter_deaggregate_records"]([made], **data_format))
    with logged():
        ours = deaggregate_records([made], **data_format)
    assert (look(outputs), look(ours)) == (old, new)


@pytest.mark.peers
def test_bad_base64_costs_the_others_nothing_any_more(theirs):
    records = [kinesis_record(PAYLOAD), kinesis_record("84mawgA")]
    with pytest.raises(ValueError, match="padding"):
        theirs["deaggregate_records"](records)
    with logged():
        assert len(deaggregate_records(records)) == 3
