"""Puts mixed traffic through the package for minutes, from all sources, in two threads.

All that comes out is compared with what went in: every user record, in full, with what its
producer packed, every log line and error with the damage done. Memory has to stay flat. What does
not add up is printed and ends the run with status 1. The same seed makes the same traffic.
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
CALLS_A_ROUND = 20  # of each thread; between rounds nothing runs, and memory is looked at
LEAST_ROUNDS = 4
WARM_UP = 0.1  # of the time

# The most that memory may grow in a run, by the straight line that fits best. What is resident
# goes up and down by some MB from round to round, what is in use hardly does.
MOST = {
    "resident bytes": 32 << 20,
    "bytes of malloc in use": 128 << 10,
    "blocks of Python's allocator in use": 500,
}

# Made once, since each Path interns its parts, and in time Python's table of these would grow.
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
    """Something came out that should not, or did not come out that should."""


def require(truth: bool, *what: Any) -> None:
    if not truth:
        raise DifferenceError(" ".join(map(str, what)))


class Log(logging.Handler):
    """Gathers the arguments of the log lines, those of each thread for itself."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        self.thread.entries.append(record.args)


def check_itself(sent: Sent, outputs: list[dict]) -> None:
    require(len(outputs) == 1, len(outputs), "outputs instead of the record itself")
    if sent.is_same:
        require(outputs[0] is sent.record, "not the same object")
        return
    kinesis = outputs[0]["kinesis"]
    require(kinesis["sequenceNumber"] == sent.sequence_number, "another sequence number")
    require("aggregated" not in kinesis and kinesis["data"] == sent.data, "not the record itself")


def check_user_records(sent: Sent, outputs: list[dict], expected: list[tuple]) -> None:
    number = sent.sequence_number
    kinesis = [each for each in map(kinesis_of, outputs) if "aggregated" in each]
    kinesis = [each for each in kinesis if each["sequenceNumber"] == number]
    require(len(kinesis) == len(expected), len(kinesis), "of", len(expected), "user records")
    require(list(map(fields_of, kinesis)) == expected, "a user record differs")


def count_of(sent: Sent) -> int:
    return 1 if sent.user_records is None else len(sent.user_records)


def check_outputs(sent: list[Sent], outputs: list[dict], count: int) -> int:
    """Requires that `outputs` are the first `count` of what has to come of `sent`.

    Returns how many of `sent` it takes to get them.
    """
    at, taken = 0, 0
    while taken < len(sent) and at < count:
        each = sent[taken]
        end = min(at + count_of(each), count)
        try:
            if each.user_records is None:
                check_itself(each, outputs[at:end])
            else:
                check_user_records(each, outputs[at:end], each.user_records[: end - at])
        except DifferenceError as error:
            what = f"{each.source} record {each.sequence_number}, {each.reason or 'sound'}"
            raise DifferenceError(f"{what}: {error}") from error
        at, taken = end, taken + 1
    require(len(outputs) == count, len(outputs), "outputs instead of", count)
    return taken


def deaggregate(
    chance: random.Random, sent: list[Sent], options: dict[str, Any], log: Log
) -> tuple[list[Sent], int]:
    """Puts `sent` through one call and checks all that comes of it.

    Returns the records that were read and how many user records came out.
    """
    damaged = (number for number, each in enumerate(sent) if each.reason)
    stop = next(damaged, None) if options["strict"] else None
    sound = sent[:stop]
    error = None if stop is None else sent[stop].log_entry
    count = sum(map(count_of, sound))
    argument = chance.choice(ARGUMENTS)([each.record for each in sent])
    form = chance.choice(["list", "iterator", "iterator dropped half-way"])
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
            count, error = chance.randrange(count + 1), None
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
    """Unpacks a bare payload, checks all that comes of it and returns how many user records."""
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


def call(
    chance: random.Random, pool: list[Aggregate], log: Log, tally: collections.Counter
) -> None:
    """One call with fresh Kinesis records, or unpack() with each of some payloads."""
    sources = chance.choice([MIXED, *([each] for each in SOURCES)])
    options = random_options(chance, sources[0])
    sent = [
        send(chance, pool, chance.choice(sources), options) for _ in range(chance.randint(1, 40))
    ]
    if sources == [BARE]:
        read, count = sent, sum(unpack_one(each, options["verify"]) for each in sent)
    else:
        read, count = deaggregate(chance, sent, options, log)
    tally["user records"] += count
    tally["bytes"] += sum(each.size for each in read)
    tally.update(each.source for each in read)
    tally.update(each.outcome for each in read if each.outcome)


def calls(seed: str, pool: list[Aggregate], log: Log) -> collections.Counter:
    """What a thread does in a round; returns what it has counted."""
    chance, tally = random.Random(seed), collections.Counter()
    for number in range(CALLS_A_ROUND):
        try:
            call(chance, pool, log, tally)
        except DifferenceError as error:
            raise DifferenceError(f"{seed}, call {number}: {error}") from error
    return tally


class Mallinfo2(ctypes.Structure):
    """What glibc's mallinfo2() returns."""

    _fields_ = [
        ("unused_1", ctypes.c_size_t * 4),
        ("hblkhd", ctypes.c_size_t),  # bytes in use that are mapped one by one
        ("unused_2", ctypes.c_size_t * 2),
        ("uordblks", ctypes.c_size_t),  # all others in use
        ("unused_3", ctypes.c_size_t * 2),
    ]


class Memory:
    """How much memory there is: all of it at any time, and what is in use between rounds."""

    def __init__(self) -> None:
        self.libc = ctypes.CDLL(None)
        self.libc.mallinfo2.restype = Mallinfo2
        # Arrays, since the numbers in lists would be blocks themselves.
        self.seconds, self.resident = array.array("d"), array.array("q")
        self.allocated, self.blocks = array.array("q"), array.array("q")
        self.most = 0

    def look(self) -> int:
        pages = int(STATM.read_text().split()[1])
        resident = pages * os.sysconf("SC_PAGE_SIZE")
        self.most = max(self.most, resident)
        return resident

    def look_at_rest(self) -> None:
        _references, blocks, _bytes = growth.measure(())
        self.libc.malloc_trim(0)  # what is free goes back, what is left is in use
        self.seconds.append(time.monotonic())
        self.resident.append(self.look())
        malloc = self.libc.mallinfo2()
        self.allocated.append(malloc.uordblks + malloc.hblkhd)
        self.blocks.append(blocks)

    def report(self) -> None:
        start, end, most = (n / 1e6 for n in (self.resident[0], self.resident[-1], self.most))
        print(f"resident: {start:.1f} MB after warm-up, {most:.1f} at most, {end:.1f} at the end")
        seconds = self.seconds[-1] - self.seconds[0]
        for name, amounts in (
            ("resident bytes", self.resident),
            ("bytes of malloc in use", self.allocated),
            ("blocks of Python's allocator in use", self.blocks),
        ):
            grown = statistics.linear_regression(self.seconds, amounts).slope * seconds
            print(f"growth: {grown:+,.0f} {name} (limit {MOST[name]:,})")
            require(grown < MOST[name], "memory grows:", name)


def soak(seed: int, seconds: float, log: Log, memory: Memory) -> collections.Counter:
    """Rounds of calls until the time is over; returns what was counted."""
    pool = make_pool(random.Random(seed))
    gc.collect()
    gc.freeze()  # what is collected between rounds is garbage of the calls
    tally = collections.Counter()
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(THREADS) as executor:
        for number in itertools.count():
            passed = time.monotonic() - start
            if passed > seconds and len(memory.seconds) >= LEAST_ROUNDS:
                return tally
            futures = [
                executor.submit(calls, f"seed {seed}, round {number}, thread {thread}", pool, log)
                for thread in range(THREADS)
            ]
            while concurrent.futures.wait(futures, timeout=0.05).not_done:
                memory.look()
            while futures:
                tally.update(futures.pop(0).result())
            if passed > WARM_UP * seconds:
                memory.look_at_rest()


def report(tally: collections.Counter, seconds: float) -> None:
    records = sum(tally[each] for each in SOURCES)
    count = tally["user records"]
    print(f"{seconds:.0f} s, {THREADS} threads, Python {sys.version.split()[0]}")
    print(f"{records:,} Kinesis records, {tally['bytes'] / 1e9:.2f} GB of payloads")
    print(f"{count:,} user records, {count / seconds:,.0f} a second, all as they were packed")
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
