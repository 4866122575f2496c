"""aws_kinesis_agg 1.2.3, and a difference that all its user records have."""

import importlib
import sys
from typing import Any


def import_deaggregator() -> Any:
    """Imports its module `deaggregator`. Needs `aws_kinesis_agg` from PyPI."""
    path = list(sys.path)
    # Its other modules are found only once this one has put the package's folder on the path.
    module = importlib.import_module("aws_kinesis_agg.deaggregator")
    sys.path[:] = path
    return module


def with_str_data(output: dict) -> dict:
    """aws_kinesis_agg gives a user record's data as bytes."""
    data = output["kinesis"]["data"]
    assert type(data) is bytes
    return {**output, "kinesis": {**output["kinesis"], "data": data.decode("ascii")}}
