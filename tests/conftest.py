"""What holds for all tests: they test the installed package, and nothing about time."""

import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest
from project_build import build_environment, copy_project

import aws_kpl_deagg

SOURCE_FOLDER = Path(__file__).resolve().parent.parent / "aws_kpl_deagg"

if Path(aws_kpl_deagg.__file__).resolve().parent == SOURCE_FOLDER:
    raise pytest.UsageError("The tests are for the installed package. Run them by script/test.")

hypothesis.settings.register_profile("any-machine", deadline=None, print_blob=True)
hypothesis.settings.register_profile("sanitized", deadline=None, print_blob=True, max_examples=10)
hypothesis.settings.load_profile("any-machine")


@pytest.fixture(scope="session", autouse=True)
def empty_working_folder(tmp_path_factory):
    """Programs that a test starts import the installed package, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("working-folder"))
        yield


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A copy of the project, so that building leaves nothing in the project itself."""
    copy = tmp_path_factory.mktemp("packaging") / "checkout"
    copy_project(copy)
    return copy


@pytest.fixture(scope="session")
def build(checkout):
    """The folder with the sdist, the wheel built from that sdist, and what the build printed."""
    output = checkout.parent / "dist"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", output, checkout]
    result = subprocess.run(
        command,
        cwd=checkout.parent,
        env=build_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    (output / "log").write_text(result.stdout)
    return output
