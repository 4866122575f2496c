"""The wheel in Lambda: in a layer that README.md's commands make, and in a function's archive."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import readme
from kpl_vectors import LAMBDA_EVENT, USER_RECORDS
from project import EXAMPLES

LAYER = ["pip install --target layer/python .", "python -m zipfile -c layer.zip layer/python"]
HANDLERS = ["lambda_bulk_handler", "lambda_generator_handler"]

# Calls each handler from the function's folder, as Lambda's runtime does. Prints the path of the
# package, and for each handler its result and the data that it has processed.
RUNTIME = """
import json
import sys
import aws_kpl_deagg
import lambda_function
outputs = [aws_kpl_deagg.__file__]
for handler in sys.argv[2:]:
    processed = []
    lambda_function.process = lambda data: processed.append(data.decode())
    with open(sys.argv[1]) as file:
        result = getattr(lambda_function, handler)(json.load(file), None)
    outputs.append([result, processed])
print(json.dumps(outputs))
"""


def run(function, *arguments, layer=None):
    """Runs Python in the function's folder, with nothing on its path except that, its own library
    and the layer: without `site`, installed packages are not there.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if layer:
        environment["PYTHONPATH"] = str(layer)
    command = [sys.executable, "-S", "-c", *arguments]
    return subprocess.run(command, cwd=function, env=environment, capture_output=True, text=True)


def assert_it_runs(function, package, layer=None):
    result = run(function, RUNTIME, str(LAMBDA_EVENT), *HANDLERS, layer=layer)
    assert result.returncode == 0, result.stderr
    path, *outputs = json.loads(result.stdout)
    assert Path(path).parent == package / "aws_kpl_deagg"
    processed = [data.decode() for _, _, data in USER_RECORDS]
    assert outputs == [["Successfully processed 4 records.", processed]] * len(HANDLERS)


@pytest.fixture(scope="module")
def layer(build, tmp_path_factory):
    """The folder "python" of a layer that was zipped by README.md's commands, and unzipped.

    The wheel, which was built from the checkout, stands in for the checkout.
    """
    folder = tmp_path_factory.mktemp("layer")
    (wheel,) = build.glob("*.whl")
    for command in LAYER:
        assert command in readme.indented_lines()
        program, *arguments = shlex.split(command.replace(" .", f" {wheel}"))
        program = ["-m", "pip", "--quiet"] if program == "pip" else []
        environment = {**os.environ, "PIP_NO_INDEX": "1"}
        subprocess.run(
            [sys.executable, *program, *arguments], cwd=folder, env=environment, check=True
        )
    with zipfile.ZipFile(folder / "layer.zip") as archive:
        archive.extractall(folder / "opt")
    shutil.rmtree(folder / "layer")
    return folder / "opt" / "python"


def test_handlers_with_the_layer(layer, tmp_path):
    shutil.copy(EXAMPLES / "lambda_function.py", tmp_path)
    without = run(tmp_path, "import aws_kpl_deagg")
    assert "ModuleNotFoundError: No module named 'aws_kpl_deagg'" in without.stderr
    assert_it_runs(tmp_path, layer, layer=layer)


def test_handlers_in_one_archive_with_the_package(layer, tmp_path):
    shutil.copy(EXAMPLES / "lambda_function.py", tmp_path)
    shutil.copytree(layer / "aws_kpl_deagg", tmp_path / "aws_kpl_deagg")
    assert_it_runs(tmp_path, tmp_path)
