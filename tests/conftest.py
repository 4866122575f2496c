"""What holds for all tests: they test the installed package, and nothing about time."""

from pathlib import Path

import hypothesis
import pytest

import aws_kpl_deagg

SOURCE_FOLDER = Path(__file__).resolve().parent.parent / "aws_kpl_deagg"

if Path(aws_kpl_deagg.__file__).resolve().parent == SOURCE_FOLDER:
    raise pytest.UsageError("The tests are for the installed package. Run them by script/test.")

hypothesis.settings.register_profile("any-machine", deadline=None)
hypothesis.settings.register_profile("sanitized", deadline=None, max_examples=10)
hypothesis.settings.load_profile("any-machine")


@pytest.fixture(scope="session", autouse=True)
def empty_working_folder(tmp_path_factory):
    """Programs that a test starts import the installed package, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("working-folder"))
        yield
