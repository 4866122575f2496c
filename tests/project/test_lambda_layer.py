"""The wheel as it comes to Lambda: in a layer, and in the archive of a function."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from kpl_vectors import LAMBDA_EVENT, USER_RECORDS
from project import EXAMPLES

EXAMPLE = EXAMPLES / "lambda_function.py"
HANDLERS = ["lambda_bulk_handler", "lambda_generator_handler"]

# As Lambda's runtime does, calls a handler from the function's folder. Prints where the package
# is, what the handler returns and what it has processed.
RUNTIME = """
import json
import sys
import aws_kpl_deagg
import lambda_function
processed = []
lambda_function.process = lambda data: processed.append(data.decode())
with open(sys.argv[1]) as file:
    result = getattr(lambda_function, sys.argv[2])(json.load(file), None)
print(json.dumps([aws_kpl_deagg.__file__, result, processed]))
"""


def run(function, *arguments, layer=None):
    """Runs Python in the function's folder. It has nothing on its path but that, its own library
    and the layer: without `site`, installed packages are not there.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if layer:
        environment["PYTHONPATH"] = str(layer)
    command = [sys.executable, "-S", "-c", *arguments]
    return subprocess.run(command, cwd=function, env=environment, capture_output=True, text=True)


def assert_it_runs(function, handler, package, layer=None):
    result = run(function, RUNTIME, str(LAMBDA_EVENT), handler, layer=layer)
    assert result.returncode == 0, result.stderr
    path, response, processed = json.loads(result.stdout)
    assert Path(path).parent == package / "aws_kpl_deagg"
    assert response == "Successfully processed 4 records."
    assert processed == [data.decode() for _, _, data in USER_RECORDS]


def install(build, folder):
    """As `pip install --target` does."""
    (wheel,) = build.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", folder, wheel], check=True)


def zip_and_unzip(folder, names, destination):
    """As the README says, and then as Lambda does. What was zipped is there no more."""
    archive = folder / "archive.zip"
    create = [sys.executable, "-m", "zipfile", "-c", archive, *names]
    subprocess.run(create, check=True, cwd=folder)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(destination)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def layer(build, tmp_path_factory):
    """The folder "python" of a layer that was zipped and unzipped."""
    folder = tmp_path_factory.mktemp("layer")
    install(build, folder / "layer" / "python")
    zip_and_unzip(folder, ["layer/python"], folder.with_name("opt"))
    return folder.with_name("opt") / "python"


@pytest.fixture
def function(tmp_path):
    """The folder of a function that brings nothing but its own file."""
    shutil.copy(EXAMPLE, tmp_path)
    return tmp_path


def test_without_the_layer_there_is_no_package(function):
    result = run(function, "import aws_kpl_deagg")
    assert "ModuleNotFoundError: No module named 'aws_kpl_deagg'" in result.stderr


@pytest.mark.parametrize("handler", HANDLERS)
def test_handler_with_the_layer(function, layer, handler):
    assert_it_runs(function, handler, layer, layer=layer)


@pytest.mark.parametrize("handler", HANDLERS)
def test_handler_in_one_archive_with_the_package(build, tmp_path, handler):
    folder = tmp_path / "function"
    install(build, folder)
    shutil.copy(EXAMPLE, folder)
    zip_and_unzip(folder, sorted(os.listdir(folder)), tmp_path / "task")
    assert_it_runs(tmp_path / "task", handler, tmp_path / "task")
