"""Runs all that is code in README.md; test_readme_tables.py has the rest.

A block or a command of README.md that no test here names makes a test fail, and so does a name
that README.md has no more.
"""

import ast
import base64
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import readme
from aggregates import (
    ALL_HASH_KEYS,
    MAGIC,
    boto3_record,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged
from kpl_vectors import LAMBDA_EVENT, SEQUENCE_NUMBER, USER_RECORDS, expected_output
from project_build import build_environment, copy_project
from readme import PAYLOAD

import aws_kpl_deagg
from aws_kpl_deagg import AggregateError, deaggregate_records

DAMAGED = MAGIC + bytes(30)

# Python blocks, each named by some text that no other block has

NAMES_OF_BLOCKS: list[str] = []


def of_block(name):
    """Marks the test that runs, or evaluates, this block."""
    NAMES_OF_BLOCKS.append(name)
    return pytest.mark.parametrize("name", [name])


def block(name):
    (found,) = [code for code in readme.blocks("python") if name in code]
    return found


@of_block('deaggregate_records(event["Records"], decode=True)')
def test_the_first_example(name):
    event = json.loads(LAMBDA_EVENT.read_text())
    event["Records"] += [kinesis_record(b"plain"), kinesis_record(DAMAGED)]
    with logged() as log:
        _, printed = readme.run(block(name), event=event)
    expected = [(key, data) for key, _, data in USER_RECORDS] + [("a", b"plain"), ("a", DAMAGED)]
    assert printed == [f"{key} {data}" for key, data in expected]
    assert len(log) == 1


@of_block("iter_deaggregate_records(event)")
def test_the_iterator(name, capsys):
    names, _ = readme.run(block(name))
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


@of_block("'subSequenceNumber': 0")
def test_the_user_record(name):
    shown = ast.literal_eval(block(name))
    kinesis = shown["kinesis"]
    assert kinesis["explicitHashKey"] is None
    content = record(0, base64.b64decode(kinesis["data"]))
    made = kinesis_record(payload(message([kinesis["partitionKey"].encode()], [content])))
    (output,) = deaggregate_records(made)
    # As JSON text, which shows types and the order of keys as well.
    assert json.dumps({key: output[key] for key in shown}) == json.dumps(shown)


@pytest.mark.peers
@of_block('boto3.client("kinesis")')
def test_the_range_of_a_shard(name, monkeypatch):
    from moto_server import client_of, running_server

    with running_server() as url, client_of("kinesis", url) as client:
        client.create_stream(StreamName="stream", ShardCount=1)
        client.get_waiter("stream_exists").wait(StreamName="stream", WaiterConfig={"Delay": 1})
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        names, _ = readme.run(block(name))
        names["kinesis"].close()
    assert names["hash_key_range"] == ALL_HASH_KEYS
    outputs = deaggregate_records(boto3_record(PAYLOAD), hash_key_range=names["hash_key_range"])
    assert len(outputs) == 2


@of_block("def user_payloads(")
def test_bare_payloads(name):
    names, _ = readme.run(block(name))
    user_payloads = names["user_payloads"]
    assert user_payloads(PAYLOAD) == [b"x", b"yz"]
    assert user_payloads(b"plain") == [b"plain"]
    with pytest.raises(AggregateError, match="wrong digest"):
        user_payloads(DAMAGED)
    assert names["is_aggregated"] is aws_kpl_deagg.is_aggregated


def test_every_block_is_run():
    assert readme.languages() <= {"python", "sh", "console", ""}
    assert "~~~" not in readme.TEXT
    of_each = [
        [name for name in NAMES_OF_BLOCKS if name in code] for code in readme.blocks("python")
    ]
    assert [len(names) for names in of_each] == [1] * len(of_each), of_each
    assert sorted(sum(of_each, [])) == sorted(NAMES_OF_BLOCKS)


# Commands

DEMONSTRATIONS = ["aws-kpl-deagg FILE", "python -m aws_kpl_deagg FILE"]
OPTIONS_OF_THE_COMMAND = ["--decode text", "--summary", "--help"]
INSTALL = "pip install ."
LAYER = ["pip install --target layer/python .", "python -m zipfile -c layer.zip layer/python"]
SYSTEM_PACKAGES = "apt-get install libprotobuf-c-dev protobuf-c-compiler"
RUN = [*DEMONSTRATIONS, *OPTIONS_OF_THE_COMMAND, INSTALL, *LAYER, SYSTEM_PACKAGES]

# Commands that are not run here, and why, or where they are. Those that are files have to exist.
NOT_RUN = {
    "script/test": "runs these tests",
    "script/demo": "makes an environment in the project; what it prints is DEMONSTRATIONS' output",
    "script/wheels": "needs cross compilers and takes minutes",
    "pip install --upgrade --target layer/python --no-index --find-links dist --platform "
    "manylinux2014_aarch64 --python-version 3.12 --only-binary :all: aws_kpl_deagg": "needs what "
    "script/wheels makes, which installs its aarch64 wheels in this way",
    "benchmarks/run": "takes minutes; test_benchmarks.py runs its parts",
    "benchmarks/hostile": "takes minutes; test_benchmarks.py and test_hostile_input.py",
    "benchmarks/threads": "takes minutes, and its figures are the machine's",
    "benchmarks/spark": "takes minutes; test_recipe_spark.py runs what it measures",
    "benchmarks/soak 5": "takes five minutes, and its figures are the machine's",
    "pip install '.[cli]'": "needs an index; test_packaging.py has the extra's metadata",
    "aws kinesis get-records": "needs AWS; test_boto3.py has what it prints",
}


def test_every_command_is_run():
    assert set(readme.commands()) == {*RUN, *NOT_RUN}


@pytest.mark.parametrize(
    "command", [each for each in NOT_RUN if re.match(r"(script|benchmarks)/", each)]
)
def test_scripts_can_be_run(command):
    path = readme.PROJECT / command.split()[0]
    assert path.is_file()
    assert os.access(path, os.X_OK)


def shell(command, folder=None, **variables):
    """Runs a command of README.md by this Python, with its FILE; returns the lines it printed."""
    program, *arguments = shlex.split(command.replace("FILE", shlex.quote(str(LAMBDA_EVENT))))
    scripts = Path(sys.executable).parent
    started = {
        "python": [sys.executable],
        "pip": [sys.executable, "-m", "pip"],
        "aws-kpl-deagg": [scripts / "aws-kpl-deagg"],
    }[program]
    return subprocess.run(
        [*started, *arguments],
        cwd=folder,
        env=build_environment(**variables),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.splitlines()


@pytest.mark.parametrize("command", DEMONSTRATIONS)
def test_the_command(command):
    assert [json.loads(line) for line in shell(command)] == [expected_output(i) for i in range(4)]


def test_options_of_the_command():
    text, summary, usage = (
        "\n".join(shell(f"aws-kpl-deagg {option} FILE")) for option in OPTIONS_OF_THE_COMMAND
    )
    assert all(json.dumps(data.decode()) in text for _, _, data in USER_RECORDS)
    assert re.search(r"user records .*\b4\b", summary)
    assert all(option.split()[0] in usage for option in OPTIONS_OF_THE_COMMAND)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The project folder as a reader of README.md has it, to write into."""
    copy = tmp_path_factory.mktemp("readme") / "checkout"
    copy_project(copy)
    return copy


# Packages do not come from an index here, and the running environment stays as it is.
OFFLINE = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_IGNORE_INSTALLED": "1"}


def assert_is_used(folder):
    """A Python that has `folder` on its path takes the package from there, and it works."""
    variables = {"PYTHONPATH": str(folder)}
    (path,) = shell("python -c 'import aws_kpl_deagg; print(aws_kpl_deagg.__file__)'", **variables)
    assert path.startswith(str(folder))
    assert len(shell(DEMONSTRATIONS[1], **variables)) == 4


@pytest.mark.peers
def test_installing_a_checkout(folder, tmp_path):
    shell(INSTALL, folder, **OFFLINE, PIP_PREFIX=str(tmp_path))
    (module,) = tmp_path.rglob("aws_kpl_deagg/__init__.py")
    assert_is_used(module.parent.parent)
    assert len(list(tmp_path.rglob("aws-kpl-deagg*"))) == 1


@pytest.mark.peers
def test_a_lambda_layer(folder, tmp_path):
    for command in LAYER:
        shell(command, folder, **OFFLINE)
    with zipfile.ZipFile(folder / "layer.zip") as archive:
        archive.extractall(tmp_path)
    assert_is_used(tmp_path / "python")


def test_packages_of_the_system():
    assert f"Debian, Ubuntu: {SYSTEM_PACKAGES};" in (readme.PROJECT / "setup.py").read_text()
    environment = (readme.PROJECT / "script" / "setup-environment").read_text()
    (packages,) = re.findall(r"debian_packages=\(([^)]*)\)", environment)
    assert set(SYSTEM_PACKAGES.split()[2:]) <= set(packages.split())


# Links and recipes


def test_links_lead_somewhere():
    for link in readme.links():
        if link.startswith("#"):
            assert link in readme.anchors()
        elif "://" not in link:
            assert (readme.PROJECT / link.partition("#")[0]).exists(), link


def test_every_recipe_is_named_and_tested():
    tests = set((readme.PROJECT / "tests").glob("test_*.py")) - {Path(__file__)}
    code = "".join(path.read_text() for path in tests)
    for path in (readme.PROJECT / "examples").glob("*.py"):
        assert f"examples/{path.name}" in readme.links()
        assert path.stem in code
