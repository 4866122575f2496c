"""More instances of the extension module, each with a state of its own."""

import importlib.util
from types import ModuleType

from aws_kpl_deagg import _deagg


def import_again() -> ModuleType:
    spec = importlib.util.spec_from_file_location(_deagg.__name__, _deagg.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
