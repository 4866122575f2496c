"""Checks and times this package against the contenders of one protobuf backend.

benchmark.py runs it in a separate process for each backend, since protobuf reads its backend from
the environment when it is first imported. Prints the measurements as JSON.

Time is CPU time of the whole process with all its threads, which excludes other work on the
machine. No code measured here waits.
"""

import argparse
import gc
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

from aggregating import PAIRS, USER_RECORDS, UserRecords, Writer, contents
from columns import OURS, Way, as_rows, other_ways, workloads
from contenders import CONTENDERS, Calls, Contender, ours
from google.protobuf.internal import api_implementation
from variants import VARIANTS, WORKLOAD_NUMBERS, Variant
from workloads import WORKLOADS, Workload

MIN_PAIRS = 5


def time_list(call: Callable[[], list]) -> int:
    """Returns nanoseconds of CPU time to make the list, without the time to free it."""
    gc.collect()
    start = time.process_time_ns()
    records = call()
    elapsed = time.process_time_ns() - start
    del records
    return elapsed


def time_iterator(call: Callable[[], Iterable]) -> int:
    """Returns nanoseconds of CPU time to iterate over all records, keeping one at a time."""
    gc.collect()
    start = time.process_time_ns()
    for _record in call():
        pass
    return time.process_time_ns() - start


def memory_of_list(call: Callable[[], list]) -> int:
    """Returns the bytes that Python's allocators hold for the list and everything in it."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    records = call()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del records
    return after - before


def check_equal(mine: list, other: list, what: str) -> None:
    """Stops the benchmark unless both answers are equal, the order of keys and types included."""
    if json.dumps(mine) != json.dumps(other):
        sys.exit(f"benchmark: not the same answer: {what}")


def alternate(
    clock: Callable, mine: Callable, other: Callable, seconds: float
) -> list[tuple[int, int]]:
    """Returns pairs of times, mine and the other's, measured in turn for about `seconds`."""
    min_pairs = MIN_PAIRS if seconds else 1
    pairs = []
    end = time.perf_counter() + seconds
    while len(pairs) < min_pairs or time.perf_counter() < end:
        pairs.append((clock(mine), clock(other)))
    return pairs


def quartiles(ratios: list[float]) -> list[float]:
    return statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3


def summarise(pairs: list[tuple[int, int]], user_record_count: int) -> dict:
    """Returns medians in nanoseconds per user record and the quartiles of the pairs' ratios."""
    return {
        "pairs": len(pairs),
        "mine_ns": statistics.median(mine for mine, _ in pairs) / user_record_count,
        "other_ns": statistics.median(other for _, other in pairs) / user_record_count,
        "mine_to_other": quartiles([mine / other for mine, other in pairs]),
        "other_to_mine": quartiles([other / mine for mine, other in pairs]),
    }


def compare(workload: Workload, contender: Contender, seconds: float) -> list[dict]:
    """Returns one measurement for the list and one for the iterator."""
    kinesis_records = workload.kinesis_records()
    mine: Calls = ours(kinesis_records)
    other: Calls = contender.prepare(kinesis_records)
    clocks = {"as_list": time_list, "as_iterator": time_iterator}
    measurements = []
    for form, clock in clocks.items():
        call_mine, call_other = getattr(mine, form), getattr(other, form)
        what = f"{workload.name}, {form}, {contender.label}"
        check_equal(list(call_mine()), contender.normalise(list(call_other())), what)
        # Keeps the collector from visiting the inputs and the floor's finished answer meanwhile.
        gc.collect()
        gc.freeze()
        pairs = alternate(clock, call_mine, call_other, seconds)
        gc.unfreeze()
        summary = summarise(pairs, workload.user_record_count)
        if form == "as_list":
            for side, call in {"mine_bytes": call_mine, "other_bytes": call_other}.items():
                summary[side] = memory_of_list(call) / workload.user_record_count
        measurements.append(
            {"workload": workload.name, "form": form, "contender": contender.name, **summary}
        )
    return measurements


def compare_variant(workload: Workload, variant: Variant, seconds: float) -> dict:
    """Returns the measurement of two calls with equal results, as lists."""
    kinesis_records = workload.kinesis_records()
    mine, other = variant.mine(kinesis_records), variant.other(kinesis_records)
    if variant.comparable(mine()) != variant.comparable(other()):
        sys.exit(f"benchmark: not the same: {variant.mine_name} and {variant.other_name}")
    gc.collect()
    gc.freeze()
    pairs = alternate(time_list, mine, other, seconds)
    gc.unfreeze()
    names = {"mine": variant.mine_name, "other": variant.other_name}
    return {"workload": workload.name, **names, **summarise(pairs, workload.user_record_count)}


def compare_columns(
    name: str, user_record_count: int, payloads: list[bytes], other: Way, seconds: float
) -> dict:
    """Returns the measurement of unpack_arrow() and another way, on the same payloads."""
    call_mine, call_other = OURS.prepare(payloads), other.prepare(payloads)
    if other.rows is not None and as_rows(call_mine()) != other.rows(call_other()):
        sys.exit(f"benchmark: not the same rows: {other.name}")
    gc.collect()
    gc.freeze()
    pairs = alternate(time_list, call_mine, call_other, seconds)
    gc.unfreeze()
    names = {"mine": OURS.name, "other": other.name}
    return {"workload": name, **names, **summarise(pairs, user_record_count)}


def compare_writers(
    user_records: UserRecords, mine: Writer, other: Writer, seconds: float
) -> dict:
    """Returns the measurement of two writers on the same user records."""
    made = user_records.make()
    call_mine, call_other = mine.prepare(made), other.prepare(made)
    if not contents(call_mine()) == contents(call_other()) == made:
        sys.exit(f"benchmark: not the same user records: {mine.name}, {other.name}")
    gc.collect()
    gc.freeze()
    pairs = alternate(time_list, call_mine, call_other, seconds)
    gc.unfreeze()
    names = {"mine": mine.name, "other": other.name}
    return {"workload": user_records.name, **names, **summarise(pairs, user_records.count)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend")
    parser.add_argument("floor_folder", type=Path, help="with the compiled floors")
    parser.add_argument("seconds", type=float, help="per workload, form and contender")
    arguments = parser.parse_args()
    if api_implementation.Type() != arguments.backend:
        sys.exit(f"benchmark: protobuf runs on {api_implementation.Type()}")
    contenders = [each for each in CONTENDERS if each.backend == arguments.backend]
    measurements = []
    for workload in WORKLOADS:
        for contender in contenders:
            print(f"{workload.name}: {contender.label}", file=sys.stderr, flush=True)
            measurements += compare(workload, contender, arguments.seconds)
    variants, columns, writers = [], [], []
    if arguments.backend == "upb":
        for name, user_record_count, payloads in workloads():
            for way in other_ways(arguments.floor_folder):
                print(f"{OURS.name}: {way.name}", file=sys.stderr, flush=True)
                columns.append(
                    compare_columns(name, user_record_count, payloads, way, arguments.seconds)
                )
        for number in WORKLOAD_NUMBERS:
            for variant in VARIANTS:
                print(f"{variant.mine_name}: {variant.other_name}", file=sys.stderr, flush=True)
                variants.append(compare_variant(WORKLOADS[number], variant, arguments.seconds))
        for user_records in USER_RECORDS:
            for mine, other in PAIRS:
                print(f"{mine.name}: {other.name}", file=sys.stderr, flush=True)
                writers.append(compare_writers(user_records, mine, other, arguments.seconds))
    measured = {
        "measurements": measurements,
        "variants": variants,
        "columns": columns,
        "writers": writers,
    }
    json.dump(measured, sys.stdout)


if __name__ == "__main__":
    main()
