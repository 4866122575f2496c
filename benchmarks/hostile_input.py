"""Measures what the hostile messages of tests/support/hostile.py cost, in a Lambda record.

Prints a row for each message at 10 MiB: the number of user records; milliseconds of CPU time per
MiB of payload, on memory that was used before; the ratio of that to the time per MiB at 2.5 MiB,
which is 1 if time is linear; and, per byte of payload, the peak of the iterator, the peak of the
list, and the finished list with all that it holds. Memory is what tracemalloc reports, which
covers the extension and Python.

The iterator's peak is the worse of two: at 10 MiB, and at the size below it at which protobuf-c
allocates most per byte.
"""

import gc
import logging
import time
import tracemalloc

from aggregates import base64_text, kinesis_record, payload
from hostile import (
    HOSTILE,
    LARGEST_PAYLOAD,
    OVER_THE_CAP,
    Hostile,
    drain,
    greediest_count,
    peak_of,
)

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

ROUNDS = 5
HEAD = ["message of", "user records", "ms/MiB", "growth", "iterator's peak", "list's peak", "list"]


def record_of(case: Hostile, count: int) -> tuple[dict, int]:
    """Returns a Kinesis record and the size of its payload."""
    hostile_payload = payload(case.message(count))
    return kinesis_record(base64_text(hostile_payload)), len(hostile_payload)


def milliseconds_per_mib(case: Hostile, payload_size: int) -> float:
    """Returns the CPU time per MiB of payload, the least of all rounds."""
    record, size = record_of(case, case.count_for(payload_size))
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time_ns()
        drain(iter_deaggregate_records(record))
        times.append(time.process_time_ns() - start)
    return min(times) / 1e6 / (size / 2**20)


def iterator_peak(case: Hostile, count: int) -> float:
    record, size = record_of(case, count)
    return peak_of(lambda: drain(iter_deaggregate_records(record))) / size


def list_memory(case: Hostile, count: int) -> tuple[float, float]:
    """Returns the peak while the list is made and the memory that the finished list holds."""
    record, size = record_of(case, count)
    gc.collect()
    tracemalloc.start()
    records = deaggregate_records(record)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del records
    return peak / size, held / size


def row(name: str, case: Hostile) -> list[str]:
    count = case.count_for(LARGEST_PAYLOAD)
    greediest = max(filter(count.__gt__, map(greediest_count, range(20))))
    record, _ = record_of(case, count)
    time_per_mib = milliseconds_per_mib(case, LARGEST_PAYLOAD)
    list_peak, held = list_memory(case, count)
    return [
        name,
        f"{drain(iter_deaggregate_records(record)):,}",
        f"{time_per_mib:.1f}",
        f"{time_per_mib / milliseconds_per_mib(case, LARGEST_PAYLOAD // 4):.2f}",
        f"{max(iterator_peak(case, count), iterator_peak(case, greediest)):.1f}",
        f"{list_peak:.1f}",
        f"{held:.1f}",
    ]


def main() -> None:
    # Each message over the cap is passed through with a log line.
    logging.getLogger("aws_kpl_deagg").disabled = True
    print("| " + " | ".join(HEAD) + " |\n| --- |" + " ---: |" * (len(HEAD) - 1))
    for name, case in (HOSTILE | OVER_THE_CAP).items():
        print("| " + " | ".join(row(name, case)) + " |", flush=True)


if __name__ == "__main__":
    main()
