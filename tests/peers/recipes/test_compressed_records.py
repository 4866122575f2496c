"""examples/compressed_records.py, on user records and plain records of every compression."""

import gzip
import zlib

import pytest
from aggregates import MAGIC, kinesis_record, message, payload, record
from project import EXAMPLES

LINE = b'{"log": "a line of a log", "number": 1}\n'
COMPRESSED = {
    "gzip": gzip.compress(LINE),
    "gzip, two members": gzip.compress(LINE[:10]) + gzip.compress(LINE[10:]),
    **{f"zlib, level {level}": zlib.compress(LINE, level) for level in range(10)},
    "none": LINE,
}
# None of these starts like a compressed record.
OTHERS = [b"", b"x", b"\x1f", b"x is not compressed", b"\0", MAGIC]


@pytest.fixture
def recipe(monkeypatch):
    """The module, whose function process() keeps its data in `processed`."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import compressed_records

    processed = []
    monkeypatch.setattr(compressed_records, "process", processed.append)
    monkeypatch.setattr(compressed_records, "processed", processed, raising=False)
    return compressed_records


def test_every_compression_inside_an_aggregate_and_outside(recipe):
    contents = [*COMPRESSED.values()]
    aggregate = payload(message([b"key"], [record(0, content) for content in contents]))
    records = [kinesis_record(content) for content in [aggregate, *contents]]
    recipe.lambda_handler({"Records": records}, None)
    assert recipe.processed == [LINE] * 2 * len(contents)


@pytest.mark.parametrize("content", OTHERS)
def test_data_that_is_not_compressed(recipe, content):
    assert recipe.decompress(content) == content


def test_a_damaged_aggregate(recipe, caplog):
    damaged = MAGIC + bytes(30)
    recipe.lambda_handler({"Records": [kinesis_record(damaged)]}, None)
    assert recipe.processed == [damaged]
    assert "wrong digest" in caplog.text


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_data_that_does_not_decompress(recipe, compress):
    compressed = compress(LINE)
    for size in range(2, len(compressed)):
        with pytest.raises(zlib.error):
            recipe.decompress(compressed[:size])
    with pytest.raises(zlib.error):
        recipe.decompress(compressed[:-1] + bytes([compressed[-1] ^ 1]))


def test_the_limit(recipe, monkeypatch):
    monkeypatch.setattr(recipe, "MOST_BYTES", 1000)
    assert recipe.decompress(gzip.compress(bytes(1000))) == bytes(1000)
    for compressed in [gzip.compress(bytes(1001)), 2 * gzip.compress(bytes(501))]:
        with pytest.raises(zlib.error, match="too large"):
            recipe.decompress(compressed)
