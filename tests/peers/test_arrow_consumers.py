"""pyarrow, Polars, DuckDB and pandas read columns of unpack_arrow(), and theirs are its input."""

from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pytest
from aggregates import MAGIC, message, payload, record
from arrow import read_rows

from aws_kpl_deagg import unpack_arrow

AGGREGATE = payload(
    message(
        [b"one", b"\xff two"],
        [record(i % 2, b"%d" % i, i % 3 and 0) for i in range(25_000)],
        [b"7"],
    )
)
SMALL = payload(message([b"key"], [record(0, b"a"), record(0, b"")]))
PAYLOADS = [SMALL, b"plain", None, SMALL[:-1] + b"?", b"", AGGREGATE, MAGIC]
NAMES = [
    "payload_index",
    "sub_sequence_number",
    "partition_key",
    "explicit_hash_key",
    "data",
    "damage",
]
BINARY_TYPES = [
    getattr(pyarrow, name)()
    for name in ["binary", "large_binary", "binary_view"]
    if hasattr(pyarrow, name)  # pyarrow has binary_view since 16
]


def dicts_of(payloads: Any) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, row, strict=True)) for row in read_rows(unpack_arrow(payloads))]


EXPECTED = dicts_of(PAYLOADS)


def test_pyarrow() -> None:
    batches = unpack_arrow(PAYLOADS)
    for _ in range(2):
        table = pyarrow.table(batches)
        table.validate(full=True)
        assert table.to_pylist() == EXPECTED
    reader = pyarrow.RecordBatchReader.from_stream(batches)
    assert reader.schema.names == NAMES
    assert not reader.schema.field("payload_index").nullable
    assert reader.read_all() == table
    assert pyarrow.schema(batches) == table.schema
    empty = pyarrow.table(unpack_arrow([]))
    empty.validate(full=True)
    assert (empty.num_rows, empty.schema) == (0, table.schema)


def test_pyarrow_keeps_a_column_alone() -> None:
    column = pyarrow.table(unpack_arrow(PAYLOADS)).column("data")
    assert column.to_pylist() == [row["data"] for row in EXPECTED]


@pytest.mark.parametrize("binary", BINARY_TYPES, ids=str)
def test_columns_of_pyarrow(binary: pyarrow.DataType) -> None:
    array = pyarrow.array(PAYLOADS, binary)
    for column, payloads in [
        (array, PAYLOADS),
        (array.slice(1, 4), PAYLOADS[1:5]),
        (array.slice(7), []),
        (pyarrow.chunked_array([array.slice(3), array.slice(0, 2)]), PAYLOADS[3:] + PAYLOADS[:2]),
        (pyarrow.chunked_array([], binary), []),
        (pyarrow.table({"data": array}).column("data"), PAYLOADS),
    ]:
        result = pyarrow.table(unpack_arrow(column))
        result.validate(full=True)
        assert result.to_pylist() == dicts_of(payloads)


def test_other_columns_by_take() -> None:
    archived = pyarrow.table({"number": ["10", "20"], "data": [SMALL, b"plain"]})
    rows = pyarrow.table(unpack_arrow(archived["data"]))
    rows = rows.append_column("number", archived["number"].take(rows["payload_index"]))
    assert rows["number"].to_pylist() == ["10", "10", "20"]


def test_a_whole_table_is_refused() -> None:
    for table in [pyarrow.table({"data": PAYLOADS}), polars.DataFrame({"data": PAYLOADS})]:
        with pytest.raises(TypeError, match="one column"):
            unpack_arrow(table)
    with pytest.raises(TypeError, match="dictionary"):
        unpack_arrow(pyarrow.array(["a"]).dictionary_encode())
    with pytest.raises(TypeError, match="'u'"):
        unpack_arrow(pyarrow.array(["a"]))


def test_polars() -> None:
    batches = unpack_arrow(PAYLOADS)
    frame = polars.DataFrame(batches)
    assert frame.to_dicts() == EXPECTED
    assert polars.DataFrame(unpack_arrow([])).columns == NAMES
    series = polars.Series(PAYLOADS, dtype=polars.Binary)
    assert dicts_of(series) == EXPECTED
    assert dicts_of(series.slice(1, 3)) == dicts_of(PAYLOADS[1:4])


def test_duckdb() -> None:
    batches = unpack_arrow(PAYLOADS)
    for _ in range(2):
        relation = duckdb.sql("from batches")
        assert relation.columns == NAMES
        assert [dict(zip(NAMES, row, strict=True)) for row in relation.fetchall()] == EXPECTED
    counted = duckdb.sql("select count(*) from batches where sub_sequence_number is not null")
    assert counted.fetchall() == [(25_002,)]
    assert len(batches) == len(EXPECTED)


@pytest.mark.skipif(not hasattr(pandas.DataFrame, "from_arrow"), reason="came with pandas 3")
def test_pandas() -> None:
    frame = pandas.DataFrame.from_arrow(unpack_arrow(PAYLOADS))
    assert list(frame.columns) == NAMES
    assert frame["data"][:2].tolist() == [b"a", b""]
    assert len(frame) == len(EXPECTED)


def test_columns_of_pandas() -> None:
    assert dicts_of(pandas.Series(PAYLOADS, dtype=object)) == EXPECTED
    if hasattr(pandas.Series, "__arrow_c_stream__"):  # since pandas 3
        series = pandas.Series(PAYLOADS, dtype=pandas.ArrowDtype(pyarrow.binary()))
        assert dicts_of(series) == EXPECTED
