"""examples/pandas_frame.py, on records of every source."""

import datetime

import pytest
from aggregates import BUILDERS, MAGIC, message, payload, record
from project import EXAMPLES

AGGREGATE = payload(message([b"a", b"b"], [record(0, b"x", 0), record(1, b"y")], [b"7"]))
DAMAGED = MAGIC + bytes(30)
SECOND = datetime.datetime(2018, 2, 8, 23, 45, 7, tzinfo=datetime.timezone.utc)


@pytest.fixture
def to_frame(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import pandas_frame

    return pandas_frame.to_frame


def rows(frame):
    """The rows without their arrival timestamps, with None for every missing value."""
    values = frame.drop(columns="arrival").astype(object)
    return list(values.where(values.notna(), None).itertuples(index=False, name=None))


def test_one_frame_of_every_source(to_frame):
    records = [
        builder(content, str(number))
        for number, builder in enumerate(BUILDERS.values())
        for content in (AGGREGATE, b"plain", DAMAGED)
    ]
    frame = to_frame(records)
    assert rows(frame) == [
        row
        for number in range(len(BUILDERS))
        for row in [
            (str(number), 0, "a", "7", b"x"),
            (str(number), 1, "b", None, b"y"),
            (str(number), None, "a", None, b"plain"),
            (str(number), None, "a", None, DAMAGED),
        ]
    ]
    assert str(frame["arrival"].dtype).endswith(", UTC]")
    assert set(frame["arrival"].dt.floor("s")) == {SECOND}


def test_a_whole_event_as_the_docstring_sorts_it(to_frame):
    numbers = ["9" * 55, "1" + "0" * 55]
    event = {"Records": [BUILDERS["Lambda"](AGGREGATE, number) for number in reversed(numbers)]}
    frame = to_frame(event).sort_values(
        "sequence_number", key=lambda column: column.str.zfill(56), kind="stable"
    )
    assert list(frame["sequence_number"]) == [number for number in numbers for _ in range(2)]


def test_records_with_little_metadata(to_frame):
    frame = to_frame([{"kinesis": {"sequenceNumber": "1", "data": "eA=="}}])
    assert rows(frame) == [("1", None, None, None, b"x")]
    assert frame["arrival"].isna().all()


@pytest.mark.parametrize("records", [[], {"Records": []}])
def test_no_records(to_frame, records):
    frame = to_frame(records)
    full = to_frame([BUILDERS["Lambda"](AGGREGATE)])
    assert len(frame) == 0
    assert list(frame.dtypes.astype(str))[:4] == list(full.dtypes.astype(str))[:4]
    assert list(frame.columns) == list(full.columns)
