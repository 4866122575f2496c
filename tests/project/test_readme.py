"""Runs the code and the commands of README.md and docs/, and tries their tables and links."""

import base64
import email
import inspect
import json
import os
import re
import runpy
import shlex
import shutil
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
    boto3_record,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged
from kpl_vectors import LAMBDA_EVENT, expected_output
from project import PROJECT, TESTS
from readme import PAYLOAD

from aws_kpl_deagg import AggregateError, deaggregate_records

REFERENCE = "docs/reference.md"
DAMAGED = MAGIC + bytes(30)

# Python blocks; peers/test_readme_with_peers.py runs those that need other packages.

BLOCKS = [block for block in readme.BLOCKS if not block.needs_peers]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block(block):
    _, printed = readme.run(block.code)
    assert printed == (block.output or "").splitlines()


def test_the_readme_shows_what_its_example_prints():
    assert any(block.page == "README.md" and block.output for block in BLOCKS)


def check_first_user_data(function):
    assert function([kinesis_record(PAYLOAD)]) == b"x"
    assert function([]) is None


def check_user_payloads(function):
    assert function(PAYLOAD) == [b"x", b"yz"]
    assert function(b"plain") == [b"plain"]
    with pytest.raises(AggregateError, match="wrong digest"):
        function(DAMAGED)


def check_position(function):
    outputs = deaggregate_records([kinesis_record(PAYLOAD, "7"), kinesis_record(b"plain", "8")])
    assert [function(output) for output in outputs] == [("7", 0), ("7", 1), ("8", None)]


def check_lambda_handler(function):
    function(json.loads(LAMBDA_EVENT.read_text()), None)


def check_deaggregate_or_report(function):
    outputs = function(kinesis_record(PAYLOAD))
    assert [output["kinesis"]["data"] for output in outputs] == [b"x", b"yz"]
    assert function(kinesis_record(DAMAGED)) == []


def check_style(function):
    records = [boto3_record(PAYLOAD), boto3_record(b"plain")]
    assert function({"Records": records}) == [b"x", b"yz", b"plain"]


def check_after(function):
    records = [kinesis_record(PAYLOAD, "7"), kinesis_record(b"plain", "8")]
    assert function(records, ("7", 0)) == [b"yz", b"plain"]
    assert function(records, ("7", 1)) == [b"plain"]


def check_new_entries(function):
    shards = [{"HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)}}]
    (entry,) = function([("a", None, b"x"), ("b", None, b"y")], shards)
    assert entry["PartitionKey"] == "a"


CHECKS = {
    "first_user_data": check_first_user_data,
    "user_payloads": check_user_payloads,
    "position": check_position,
    "lambda_handler": check_lambda_handler,
    "deaggregate_or_report": check_deaggregate_or_report,
    "old_style": check_style,
    "new_style": check_style,
    "after": check_after,
    "new_entries": check_new_entries,
}


@pytest.mark.parametrize(
    ("block", "name"),
    [(block, name) for block in BLOCKS for name in block.functions],
    ids=str,
)
def test_a_function(block, name):
    names, _ = readme.run(block.code)
    CHECKS[name](names[name])


def test_the_user_record():
    names, _ = readme.run(readme.block_with("'subSequenceNumber': 0").code)
    shown = names["user_record"]
    kinesis = shown["kinesis"]
    content = record(0, base64.b64decode(kinesis["data"]))
    made = kinesis_record(payload(message([kinesis["partitionKey"].encode()], [content])))
    (output,) = deaggregate_records(made)
    # As JSON text, which shows types and the order of keys as well.
    assert json.dumps({key: output[key] for key in shown}) == json.dumps(shown)


def test_the_log_line(caplog):
    (line,) = readme.text_blocks("docs/malformed-input.md")
    number = re.search(r"\d+", line)[0]
    deaggregate_records(kinesis_record(DAMAGED, number))
    assert caplog.messages == [line.rstrip()]


# Commands

# What test_lambda_layer.py and check_wheel.py do in their own way, with what they built.
INSTALLING = re.compile(r"pip install |python -m zipfile ")


def test_every_indented_line_is_known():
    for line in readme.indented_lines():
        if line.startswith("from "):
            readme.run(line)
        elif not INSTALLING.match(line):
            assert output_of(line)


def output_of(command):
    """Runs a command by this Python, with its FILE; returns the lines it printed."""
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
    assert command in readme.indented_lines()
    outputs = [json.loads(line) for line in output_of(command)]
    assert outputs == [expected_output(i) for i in range(4)]


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            command
            for page in readme.PAGES
            for code in readme.inline_code(readme.prose(page))
            for command in re.findall(r"^aws-kpl-deagg .*FILE.*", code)
        }
    ),
)
def test_a_command_within_the_text(command):
    assert output_of(command)


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            command
            for text in readme.PAGES.values()
            for command in re.findall(r"`((?:script|benchmarks)/[\w-]+)(?![\w/.-])", text)
        }
    ),
)
def test_scripts_can_be_run(command):
    assert os.access(PROJECT / command, os.X_OK)


# Tables


def without(source_record, key):
    return {each: value for each, value in source_record.items() if each != key}


def test_every_source_has_a_row():
    labels = [label for label, *_ in readme.rows(REFERENCE, "Sources")]
    of_each = [[source for source in BUILDERS if source in label] for label in labels]
    assert sorted(of_each) == sorted([source] for source in BUILDERS)


@pytest.mark.parametrize("source", BUILDERS)
def test_a_source(source):
    (row,) = [row for row in readme.rows(REFERENCE, "Sources") if source in row[0]]
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
    shown = [readme.inline_code(row[0])[0] for row in readme.rows(REFERENCE, "Options")]
    parameters = list(inspect.signature(deaggregate_records).parameters)
    assert [code.partition("=")[0] for code in shown] == parameters[1:]
    for code in shown:
        expression = f"deaggregate_records([made], {code})"
        names = {"made": kinesis_record(PAYLOAD), "deaggregate_records": deaggregate_records}
        outputs = eval(expression, names, {"first": 0, "last": ALL_HASH_KEYS[1]})
        assert len(outputs) == 2


MALFORMED = {
    "an aggregate without": payload(message([b"a"])),
    "an aggregate inside": payload(message([b"a"], [record(0, PAYLOAD)])),
    "an aggregate": PAYLOAD,
    "a payload without": b"plain",
    "a payload that has": DAMAGED,
}


def test_malformed_input():
    outcomes = {}
    for label, returned in readme.rows("docs/malformed-input.md", "Malformed input"):
        content = next(each for start, each in MALFORMED.items() if label.startswith(start))
        made = kinesis_record(content)
        with logged() as log:
            outputs = deaggregate_records([made])
        assert bool(log) == ("WARNING" in returned)
        assert (outputs == [made]) == returned.startswith("the record")
        assert (outputs == []) == returned.startswith("nothing")
        outcomes[content] = returned
    assert len(outcomes) == len(MALFORMED)


# The chart


def test_the_chart_shows_the_published_table():
    chart = runpy.run_path(str(PROJECT / "benchmarks" / "chart.py"))
    results = PROJECT / "benchmarks" / "results"
    bars = chart["read_bars"]((results / "table.md").read_text(encoding="utf-8"))
    assert (results / "chart.svg").read_text(encoding="utf-8") == chart["svg"](bars)


# Links and recipes


@pytest.mark.parametrize("page", readme.PAGES)
def test_links_lead_somewhere(page):
    for link in readme.links(page):
        if "://" in link:
            continue
        path, anchor = readme.target(page, link)
        assert (PROJECT / path).exists(), link
        if anchor:
            assert anchor in readme.anchors(path), link


def metadata_of(project):
    """The core metadata of a project that is not built."""
    program = "from setuptools import build_meta as b; b.prepare_metadata_for_build_wheel('out')"
    (project / "out").mkdir()
    subprocess.run(
        [sys.executable, "-c", program], cwd=project, check=True, stdout=subprocess.DEVNULL
    )
    (path,) = (project / "out").glob("*.dist-info/METADATA")
    return email.message_from_bytes(path.read_bytes())


@pytest.fixture
def project(tmp_path):
    for name in ("README.md", "pyproject.toml", "setup.py", "LICENSE", "LICENSE.protobuf-c"):
        shutil.copy(PROJECT / name, tmp_path)
    for name in ("aws_kpl_deagg", "proto"):
        ignored = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=ignored)
    return tmp_path


def test_pypi_shows_only_absolute_links(project):
    metadata = metadata_of(project)
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert all("://" in url for url in metadata.get_all("Project-URL"))
    assert all("://" in link for link in readme.links_in(metadata.get_payload()))
    # Nothing but links is changed.
    assert len(metadata.get_payload().splitlines()) == len(readme.PAGES["README.md"].splitlines())


def test_pypi_shows_links_into_the_repository(project):
    pyproject = project / "pyproject.toml"
    text = re.sub(r"^Repository = .*\n", "", pyproject.read_text(), flags=re.MULTILINE)
    url = 'Repository = "https://forge.example/project"\n'
    pyproject.write_text(text.replace("[project.urls]\n", "[project.urls]\n" + url))
    metadata = metadata_of(project)
    links = readme.links_in(metadata.get_payload())
    repository = f"https://forge.example/project/blob/v{metadata['Version']}/"
    paths = [link.removeprefix(repository) for link in links if link.startswith(repository)]
    assert len(paths) > 7
    assert all((PROJECT / path).exists() for path in paths)
    assert f"{repository.replace('/blob/', '/raw/')}benchmarks/results/chart.svg" in links
    assert len(links) == len(readme.links("README.md"))


def test_the_readme_leads_to_every_page():
    assert {readme.target("README.md", link)[0] for link in readme.links("README.md")} >= {
        page for page in readme.PAGES if page != "README.md"
    }


def test_every_recipe_is_named_and_tested():
    named = {readme.target("docs/recipes.md", each)[0] for each in readme.links("docs/recipes.md")}
    code = "".join(path.read_text() for path in (TESTS / "peers").rglob("test_*.py"))
    for path in (PROJECT / "examples").glob("*.py"):
        assert f"examples/{path.name}" in named
        assert path.stem in code
