"""Deaggregates Kinesis records: the module that callers of 1.0.10 import.

Both functions accept Kinesis records from any source, or the event or response around them. They
replace each aggregate by its user records, all in the shape of a Lambda event's record. One
function returns a list, the other an iterator that reads its input lazily. help() on either
describes its arguments, its result and its exceptions.
"""

from aws_kpl_deagg._deagg import deaggregate_records, iter_deaggregate_records

__all__ = ["deaggregate_records", "iter_deaggregate_records"]
