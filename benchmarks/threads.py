"""Measures how much more work several threads do than one, each with its own Kinesis records.

Prints, for each workload, as list, iterator and columns, the work of all threads per second
divided by that of one thread alone: the median of pairs measured one after the other. Time is
wall-clock time, so other work on the machine makes the factors smaller.
"""

import argparse
import base64
import itertools
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable

from workloads import WORKLOADS, Workload

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records, unpack_arrow

# The least time that one thread is busy in each measurement.
SECONDS = 0.2
PAIRS = 7


def drain(records: list[dict]) -> None:
    for _ in iter_deaggregate_records(records):
        pass


def as_columns(records: list[dict]) -> None:
    unpack_arrow([record["payload"] for record in records])


FORMS = {"list": deaggregate_records, "iterator": drain, "columns": as_columns}


def elapsed(work: Callable[[list[dict]], object], shares: list[list[dict]], rounds: int) -> float:
    """Returns the seconds that one thread per share takes to process its share `rounds` times."""
    barrier = threading.Barrier(len(shares) + 1)

    def repeat(records: list[dict]) -> None:
        barrier.wait()
        for _ in range(rounds):
            work(records)

    threads = [threading.Thread(target=repeat, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def gain(work: Callable[[list[dict]], object], workload: Workload, threads: int) -> float:
    """Returns the median factor between the work of `threads` threads and of one thread."""
    shares = [workload.kinesis_records() for _ in range(threads)]
    for record in itertools.chain(*shares):
        # For columns only, which take bare payloads. It is passed along with the other metadata.
        record["payload"] = base64.b64decode(record["kinesis"]["data"])
    alone = shares[:1]
    rounds = max(1, int(SECONDS / elapsed(work, alone, 1)))
    return statistics.median(
        threads * elapsed(work, alone, rounds) / elapsed(work, shares, rounds)
        for _ in range(PAIRS)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/threads", description=__doc__)
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count(), help="default: the number of CPUs"
    )
    threads = parser.parse_args().threads
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"Python {sys.version.split()[0]}, {'with' if has_gil else 'without'} a GIL", end="\n\n")
    print(f"| workload | as | {threads} threads / one |\n| --- | --- | ---: |")
    for workload in WORKLOADS:
        for form, work in FORMS.items():
            print(f"| {workload.name} | {form} | {gain(work, workload, threads):.2f} |")


if __name__ == "__main__":
    main()
