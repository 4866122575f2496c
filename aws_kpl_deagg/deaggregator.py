"""Kinesis records in, user records out.

Both functions take Kinesis records as an AWS Lambda event has them, and give the user records of
each aggregate in its place; every other record comes out as the same object. One returns a list,
the other an iterator that reads its input only as far as it is asked to. `help()` on either says
what goes in and what comes out.
"""

from aws_kpl_deagg._deagg import deaggregate_records, iter_deaggregate_records

__all__ = ["deaggregate_records", "iter_deaggregate_records"]
