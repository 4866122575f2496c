"""Passes mixed traffic from all sources through the package for minutes, in two threads.

Each user record that is returned is compared, in full, with the one that was packed, and each log
line and error with the damage that was done. Memory must stay flat. A difference is printed and
ends the run with status 1. The same seed generates the same traffic.
"""

import argparse
import array
import collections
import concurrent.futures
import ctypes
import gc
import itertools
import logging
import operator
import os
import random
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

import growth
from traffic import BARE, OUTCOMES, SOURCES, Aggregate, Sent, make_pool, random_options, send

from aws_kpl_deagg import (
    AggregateError,
    deaggregate_records,
    is_aggregated,
    iter_deaggregate_records,
    unpack,
)

THREADS = 2
CALLS_PER_ROUND = 20  # of each thread; between rounds, when no call runs, memory is measured
MIN_ROUNDS = 4
WARM_UP = 0.1  # of the run

# How much memory may grow in a run, along the straight line that fits best. Resident memory varies
# by some MB from round to round, memory in use hardly at all.
MAX_GROWTH = {
    "resident bytes": 32 << 20,
    "bytes of malloc in use": 128 << 10,
    "blocks of Python's allocator in use": 500,
}

# Made once: each new Path interns its parts, so Python's table of interned strings would grow.
STATM = Path("/proc/self/statm")

MIXED = [each for each in SOURCES if each != BARE]
ARGUMENTS = [
    list,
    tuple,
    iter,
    lambda records: {"Records": records},
    lambda records: {"records": tuple(records)},
    lambda records: {"SubscribeToShardEvent": {"Records": records}},
]

kinesis_of = operator.itemgetter("kinesis")
fields_of = operator.itemgetter("subSequenceNumber", "partitionKey", "explicitHashKey", "data")


class DifferenceError(Exception):
    """A result differs from the one that was expected."""


def require(truth: bool, *what: Any) -> None:
    if not truth:
        raise DifferenceError(" ".join(map(str, what)))


class Log(logging.Handler):
    """Collects the arguments of log lines, separately for each thread."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        self.thread.entries.append(record.args)


def check_passed_through(sent: Sent, outputs: list[dict]) -> None:
    require(len(outputs) == 1, len(outputs), "outputs instead of the record")
    if sent.is_same:
        require(outputs[0] is sent.record, "not the same object")
        return
    kinesis = outputs[0]["kinesis"]
    require(kinesis["sequenceNumber"] == sent.sequence_number, "another sequence number")
    require("aggregated" not in kinesis and kinesis["data"] == sent.data, "the record was changed")


def check_user_records(sent: Sent, outputs: list[dict], expected: list[tuple]) -> None:
    number = sent.sequence_number
    kinesis = [each for each in map(kinesis_of, outputs) if "aggregated" in each]
    kinesis = [each for each in kinesis if each["sequenceNumber"] == number]
    require(len(kinesis) == len(expected), len(kinesis), "of", len(expected), "user records")
    require(list(map(fields_of, kinesis)) == expected, "a user record differs")


def count_of(sent: Sent) -> int:
    return 1 if sent.user_records is None else len(sent.user_records)


def check_outputs(sent: list[Sent], outputs: list[dict], count: int) -> int:
    """Requires that `outputs` are the first `count` of the outputs expected for `sent`.

    Returns how many of `sent` they come from.
    """
    at, taken = 0, 0
    while taken < len(sent) and at < count:
        each = sent[taken]
        end = min(at + count_of(each), count)
        try:
            if each.user_records is None:
                check_passed_through(each, outputs[at:end])
            else:
                check_user_records(each, outputs[at:end], each.user_records[: end - at])
        except DifferenceError as error:
            what = f"{each.source} record {each.sequence_number}, {each.reason or 'sound'}"
            raise DifferenceError(f"{what}: {error}") from error
        at, taken = end, taken + 1
    require(len(outputs) == count, len(outputs), "outputs instead of", count)
    return taken


def deaggregate(
    rng: random.Random, sent: list[Sent], options: dict[str, Any], log: Log
) -> tuple[list[Sent], int]:
    """Passes `sent` to one call and checks its results.

    Returns the records that were read and the number of user records that were returned.
    """
    damaged = (number for number, each in enumerate(sent) if each.reason)
    stop = next(damaged, None) if options["strict"] else None
    sound = sent[:stop]
    error = None if stop is None else sent[stop].log_entry
    count = sum(map(count_of, sound))
    argument = rng.choice(ARGUMENTS)([each.record for each in sent])
    form = rng.choice(["list", "iterator", "iterator dropped half-way"])
    log.thread.entries = []
    outputs, raised = [], None
    try:
        if form == "list":
            count = 0 if error else count
            outputs = deaggregate_records(argument, **options)
        elif form == "iterator":
            for output in iter_deaggregate_records(argument, **options):
                outputs.append(output)
        else:
            count, error = rng.randrange(count + 1), None
            iterator = iter_deaggregate_records(argument, **options)
            outputs = list(itertools.islice(iterator, count))
    except AggregateError as caught:
        raised = (caught.sequence_number, caught.reason)
    require(raised == error, "raised", raised, "instead of", error)
    taken = check_outputs(sound, outputs, count)
    read = sent[:taken] if form == "iterator dropped half-way" else sound
    entries = [each.log_entry for each in read if each.log_entry]
    require(log.thread.entries == entries, "logged", log.thread.entries, "instead of", entries)
    passed = sum(each.user_records is None for each in sent[:taken])
    return (sent[: stop + 1] if error else read), count - passed


def unpack_one(sent: Sent, verify: bool) -> int:
    """Unpacks a bare payload, checks the result and returns the number of user records."""
    has_digest = sent.reason not in ("not aggregated", "too short", "wrong digest")
    require(is_aggregated(sent.record) == has_digest, "is_aggregated", not has_digest)
    user_records, reason = None, None
    try:
        unpacked = unpack(sent.record, verify=verify)
        user_records = [(number, *each[:3]) for number, each in enumerate(unpacked)]
    except AggregateError as caught:
        reason = caught.reason
    require(reason == sent.reason, "raised", reason, "instead of", sent.reason)
    require(user_records == sent.user_records, "the user records of unpack() differ")
    return len(user_records or ())


def make_call(
    rng: random.Random, pool: list[Aggregate], log: Log, tally: collections.Counter
) -> None:
    """Makes one call with new Kinesis records, or calls unpack() with each of several payloads."""
    sources = rng.choice([MIXED, *([each] for each in SOURCES)])
    options = random_options(rng, sources[0])
    sent = [send(rng, pool, rng.choice(sources), options) for _ in range(rng.randint(1, 40))]
    if sources == [BARE]:
        read, count = sent, sum(unpack_one(each, options["verify"]) for each in sent)
    else:
        read, count = deaggregate(rng, sent, options, log)
    tally["user records"] += count
    tally["bytes"] += sum(each.size for each in read)
    tally.update(each.source for each in read)
    tally.update(each.outcome for each in read if each.outcome)


def make_calls(seed: str, pool: list[Aggregate], log: Log) -> collections.Counter:
    """Makes the calls of one thread in a round; returns its counts."""
    rng, tally = random.Random(seed), collections.Counter()
    for number in range(CALLS_PER_ROUND):
        try:
            make_call(rng, pool, log, tally)
        except DifferenceError as error:
            raise DifferenceError(f"{seed}, call {number}: {error}") from error
    return tally


class Mallinfo2(ctypes.Structure):
    """The result of glibc's mallinfo2()."""

    _fields_ = [
        ("unused_1", ctypes.c_size_t * 4),
        ("hblkhd", ctypes.c_size_t),  # bytes in use in separate mappings
        ("unused_2", ctypes.c_size_t * 2),
        ("uordblks", ctypes.c_size_t),  # all other bytes in use
        ("unused_3", ctypes.c_size_t * 2),
    ]


class Memory:
    """Measures resident memory at any time, and memory in use between rounds."""

    def __init__(self) -> None:
        self.libc = ctypes.CDLL(None)
        self.libc.mallinfo2.restype = Mallinfo2
        # Arrays, since numbers in a list would themselves be blocks of Python's allocator.
        self.seconds, self.resident = array.array("d"), array.array("q")
        self.allocated, self.blocks = array.array("q"), array.array("q")
        self.peak = 0

    def measure_resident(self) -> int:
        pages = int(STATM.read_text().split()[1])
        resident = pages * os.sysconf("SC_PAGE_SIZE")
        self.peak = max(self.peak, resident)
        return resident

    def measure_at_rest(self) -> None:
        _references, blocks, _bytes = growth.measure(())
        self.libc.malloc_trim(0)  # returns free memory to the system
        self.seconds.append(time.monotonic())
        self.resident.append(self.measure_resident())
        malloc = self.libc.mallinfo2()
        self.allocated.append(malloc.uordblks + malloc.hblkhd)
        self.blocks.append(blocks)

    def report(self) -> None:
        start, end, peak = (n / 1e6 for n in (self.resident[0], self.resident[-1], self.peak))
        print(f"resident: {start:.1f} MB after warm-up, {peak:.1f} at most, {end:.1f} at the end")
        seconds = self.seconds[-1] - self.seconds[0]
        for name, amounts in (
            ("resident bytes", self.resident),
            ("bytes of malloc in use", self.allocated),
            ("blocks of Python's allocator in use", self.blocks),
        ):
            grown = statistics.linear_regression(self.seconds, amounts).slope * seconds
            print(f"growth: {grown:+,.0f} {name} (limit {MAX_GROWTH[name]:,})")
            require(grown < MAX_GROWTH[name], "memory grows:", name)


def soak(seed: int, seconds: float, log: Log, memory: Memory) -> collections.Counter:
    """Runs rounds of calls until the time is over; returns the counts."""
    pool = make_pool(random.Random(seed))
    gc.collect()
    gc.freeze()  # so that the collector visits only objects of the calls
    tally = collections.Counter()
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(THREADS) as executor:
        for number in itertools.count():
            passed = time.monotonic() - start
            if passed > seconds and len(memory.seconds) >= MIN_ROUNDS:
                return tally
            futures = [
                executor.submit(
                    make_calls, f"seed {seed}, round {number}, thread {thread}", pool, log
                )
                for thread in range(THREADS)
            ]
            while concurrent.futures.wait(futures, timeout=0.05).not_done:
                memory.measure_resident()
            while futures:
                tally.update(futures.pop(0).result())
            if passed > WARM_UP * seconds:
                memory.measure_at_rest()


def report(tally: collections.Counter, seconds: float) -> None:
    records = sum(tally[each] for each in SOURCES)
    count = tally["user records"]
    print(f"{seconds:.0f} s, {THREADS} threads, Python {sys.version.split()[0]}")
    print(f"{records:,} Kinesis records, {tally['bytes'] / 1e9:.2f} GB of payloads")
    print(f"{count:,} user records, {count / seconds:,.0f} per second, all as they were packed")
    for title, names in ("by source", SOURCES), ("not deaggregated", OUTCOMES):
        print(f"{title}:", "; ".join(f"{each} {tally[each]:,}" for each in names))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/soak", description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=5.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    arguments = parser.parse_args()
    print("seed", arguments.seed, flush=True)
    log, memory = Log(), Memory()
    logger = logging.getLogger("aws_kpl_deagg")
    logger.addHandler(log)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    start = time.monotonic()
    try:
        tally = soak(arguments.seed, arguments.minutes * 60, log, memory)
        report(tally, time.monotonic() - start)
        memory.report()
    except DifferenceError as error:
        sys.exit(f"soak: {error}")


if __name__ == "__main__":
    main()
