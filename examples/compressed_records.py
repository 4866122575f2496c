"""A Lambda function for user records that are compressed by gzip or zlib inside the aggregate.

Some producers compress each user record before they aggregate, for example AWS's Kinesis plugin
for Fluent Bit with `aggregation true` and `compression zlib`. The package returns the bytes
that such a producer aggregated, still compressed. A compressed record is recognised by its first
bytes, so a stream may mix compressed and other records, aggregated or not.

The traps: a record of 1 KB may decompress to 1 MB, so the size is limited here. Data that begins
with two bytes of these formats but is not compressed (text that begins with "x^" looks like zlib)
raises zlib.error, as damaged data does. If your producers send such data, decide by something
else, for example by the partition key.

A damaged aggregate is logged and passed through. It does not look compressed, so process()
receives it as it is.
"""

import zlib
from typing import Any

from aws_kpl_deagg import iter_deaggregate_records

# The first bytes of gzip, and of zlib at each level.
COMPRESSED = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
# A Kinesis record has at most 10 MiB, and logs rarely compress better than tenfold.
MOST_BYTES = 100 << 20


def lambda_handler(event: dict[str, Any], context: object) -> None:
    for record in iter_deaggregate_records(event, decode=True):
        process(decompress(record["kinesis"]["data"]))


def decompress(data: bytes) -> bytes:
    """Returns `data` decompressed, or `data` itself if it does not look compressed.

    Raises zlib.error if it looks compressed but is damaged, cut short or too large.
    """
    contents = bytearray()
    while data.startswith(COMPRESSED):
        # 32 accepts the header of gzip as well as that of zlib.
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32)
        contents += decompressor.decompress(data, MOST_BYTES + 1 - len(contents))
        if len(contents) > MOST_BYTES:
            raise zlib.error("too large")
        if not decompressor.eof:
            raise zlib.error("cut short")
        # Several compressed parts in a row are one, as for gzip's own commands.
        data = decompressor.unused_data
    return bytes(contents) + data


def process(data: bytes) -> None:
    """Put your own code here: `data` is the record before your producer compressed it."""
