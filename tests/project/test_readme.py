"""Runs the code and the commands of README.md, and tries its tables of sources and options."""

import ast
import base64
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import readme
from aggregates import (
    ALL_HASH_KEYS,
    BUILDERS,
    MAGIC,
    base64_text,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged
from kpl_vectors import LAMBDA_EVENT, SEQUENCE_NUMBER, USER_RECORDS, expected_output
from project import PROJECT, TESTS
from readme import PAYLOAD

import aws_kpl_deagg
from aws_kpl_deagg import AggregateError, deaggregate_records

DAMAGED = MAGIC + bytes(30)

# Python blocks; peers/test_readme_with_boto3.py runs the one that needs boto3.


def test_every_block_is_known():
    assert len(readme.python_blocks()) == len(readme.BLOCKS)
    assert all(map(readme.block, readme.BLOCKS))


def test_the_first_example():
    event = json.loads(LAMBDA_EVENT.read_text())
    event["Records"] += [kinesis_record(b"plain"), kinesis_record(DAMAGED)]
    with logged() as log:
        _, printed = readme.run(readme.block("first example"), event=event)
    expected = [(key, data) for key, _, data in USER_RECORDS] + [("a", b"plain"), ("a", DAMAGED)]
    assert printed == [f"{key} {data}" for key, data in expected]
    assert len(log) == 1


def test_the_iterator(capsys):
    names, _ = readme.run(readme.block("iterator"))
    event = json.loads(LAMBDA_EVENT.read_text())
    event["Records"].append(kinesis_record(b"plain", "7"))
    names["lambda_handler"](event, None)
    assert capsys.readouterr().out.splitlines() == [
        *(
            f"{SEQUENCE_NUMBER} {number} {data}"
            for number, (_, _, data) in enumerate(USER_RECORDS)
        ),
        "7 None b'plain'",
    ]


def test_the_user_record():
    shown = ast.literal_eval(readme.block("user record"))
    kinesis = shown["kinesis"]
    assert kinesis["explicitHashKey"] is None
    content = record(0, base64.b64decode(kinesis["data"]))
    made = kinesis_record(payload(message([kinesis["partitionKey"].encode()], [content])))
    (output,) = deaggregate_records(made)
    # As JSON text, which shows types and the order of keys as well.
    assert json.dumps({key: output[key] for key in shown}) == json.dumps(shown)


def test_bare_payloads():
    names, _ = readme.run(readme.block("bare payloads"))
    user_payloads = names["user_payloads"]
    assert user_payloads(PAYLOAD) == [b"x", b"yz"]
    assert user_payloads(b"plain") == [b"plain"]
    with pytest.raises(AggregateError, match="wrong digest"):
        user_payloads(DAMAGED)
    assert names["is_aggregated"] is aws_kpl_deagg.is_aggregated


# Commands; test_lambda_layer.py runs those that make a layer.


def output_of(command):
    """Runs a command of README.md by this Python, with its FILE; returns the lines it printed."""
    assert readme.has_command(command) or readme.has_command(command.removesuffix(" FILE"))
    program, *arguments = shlex.split(command.replace("FILE", shlex.quote(str(LAMBDA_EVENT))))
    started = {
        "python": [sys.executable],
        "aws-kpl-deagg": [Path(sys.executable).with_name("aws-kpl-deagg")],
    }[program]
    return subprocess.run(
        [*started, *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.splitlines()


@pytest.mark.parametrize("command", ["aws-kpl-deagg FILE", "python -m aws_kpl_deagg FILE"])
def test_the_command(command):
    outputs = [json.loads(line) for line in output_of(command)]
    assert outputs == [expected_output(i) for i in range(4)]


@pytest.mark.parametrize(
    "command", re.findall(r"(?:script|benchmarks)/[\w-]+(?![\w/.-])", readme.TEXT)
)
def test_scripts_can_be_run(command):
    assert os.access(PROJECT / command, os.X_OK)


# Tables


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
    assert type(value).__name__ in arrival
    if "datetime" not in arrival:
        assert int(value) // (1000 if "milliseconds" in arrival else 1) == 1518133507


def test_options():
    shown = [code for row in readme.rows("options") for code in readme.inline_code(row[0])]
    parameters = inspect.signature(deaggregate_records).parameters
    keyword_only = {name for name, each in parameters.items() if each.kind is each.KEYWORD_ONLY}
    assert {code.partition("=")[0] for code in shown} == keyword_only
    for code in shown:
        expression = f"deaggregate_records([made], {code})"
        names = {"made": kinesis_record(PAYLOAD), "deaggregate_records": deaggregate_records}
        outputs = eval(expression, names, {"first": 0, "last": ALL_HASH_KEYS[1]})
        assert len(outputs) == 2


# Links and recipes


def test_links_lead_somewhere():
    for link in readme.links():
        if link.startswith("#"):
            assert link in readme.anchors()
        elif "://" not in link:
            assert (PROJECT / link.partition("#")[0]).exists(), link


def test_every_recipe_is_named_and_tested():
    code = "".join(path.read_text() for path in (TESTS / "peers").rglob("test_*.py"))
    for path in (PROJECT / "examples").glob("*.py"):
        assert f"examples/{path.name}" in readme.links()
        assert path.stem in code
