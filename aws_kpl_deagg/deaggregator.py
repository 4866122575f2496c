"""Kinesis records in, user records out: the module that callers of 1.0.10 import.

Both functions take Kinesis records from any source, or the event or response around them, and give
the user records of each aggregate in its place, all in the shape that a Lambda event's record has.
One function returns a list, the other an iterator that reads its input only as far as it is asked
to. help() on either says what goes in, what comes out and which options there are.
"""

from aws_kpl_deagg._deagg import deaggregate_records, iter_deaggregate_records

__all__ = ["deaggregate_records", "iter_deaggregate_records"]
