"""Checks the installed package with Python alone, where there is no test runner.

Both real aggregates have to yield the data that their producer sent. They, and aggregates of every
length, which take every step of the kernels that run here, have to agree with oracle.py. Prints a
summary; fails at the first difference.
"""

import importlib.metadata
import json
import platform
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import oracle
from aggregates import kinesis_record, message, payload, record
from kpl_vectors import ANALYTICS_DATA, ANALYTICS_EVENT, LAMBDA_EVENT, USER_RECORDS

from aws_kpl_deagg import _deagg, deaggregate_records

# The data that the producer sent.
DATA = {
    LAMBDA_EVENT: [data for _, _, data in USER_RECORDS],
    ANALYTICS_EVENT: ANALYTICS_DATA,
}


def check_with_the_oracle(records):
    """Compares the results with the oracle's, and returns the number of user records."""
    outputs = deaggregate_records(records)
    # As JSON text, which shows the order of keys as well.
    assert json.dumps(outputs) == json.dumps(oracle.deaggregate_records(records))
    return len(outputs)


def check_vectors():
    count = 0
    for path, expected in DATA.items():
        event = json.loads(path.read_text())
        outputs = deaggregate_records(event, decode=True)
        assert [output["kinesis"]["data"] for output in outputs] == expected
        count += check_with_the_oracle(event)
    return count


def check_every_length():
    data = random.Random(20160713).randbytes(300)
    # One list, so that several digests are computed at once.
    records = [
        kinesis_record(payload(message([b"key"], [record(0, data[:size])])))
        for size in range(len(data) + 1)
    ]
    assert check_with_the_oracle(records) == len(records)
    return len(records)


def check_protobuf_c():
    """Our own wheels carry it, no older than 1.4.1, with its licence notice."""
    version = _deagg.protobuf_c_version
    assert tuple(map(int, version.split("."))) >= (1, 4, 1), version
    (notice,) = (
        path
        for path in importlib.metadata.files("aws_kpl_deagg")
        if path.match("licenses/LICENSE.protobuf-c")
    )
    assert "the protobuf-c authors" in notice.read_text(encoding="utf-8")
    return version


version = check_protobuf_c()
count = check_vectors() + check_every_length()
python = f"{platform.python_version()} {platform.machine()}"
print(f"Python {python}: {count} user records as expected, protobuf-c {version}")
