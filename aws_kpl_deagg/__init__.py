"""Extracts the user records that the Kinesis Producer Library packed into Kinesis records.

    deaggregate_records(records)       returns a list of the user records in Kinesis records,
                                       events or responses: from Lambda, boto3, Firehose, Kinesis
                                       Data Analytics, EventBridge Pipes
    iter_deaggregate_records(records)  returns an iterator over the same user records
    unpack(payload)                    returns a list of the UserRecords in one payload
    unpack_arrow(payloads)             returns the user records in many payloads as columns, a
                                       UserRecordBatches: for pyarrow, Polars, DuckDB, pandas
    pack(user_records)                 returns the payload of UserRecords, the inverse of unpack
    is_aggregated(payload)             returns whether a payload looks like an aggregate

help() on each function describes its arguments, its result and its exceptions. Either all user
records of a Kinesis record are returned, or the Kinesis record itself is. A damaged aggregate is
reported by the logger 'aws_kpl_deagg' or, with strict=True, raises AggregateError; help() on that
lists the reasons. aws_kpl_deagg.aggregator packs user records for boto3's put_records,
aws_kpl_deagg.record_types has types for annotations, and python -m aws_kpl_deagg --help describes
the command.
"""

try:
    from aws_kpl_deagg._deagg import (
        AggregateError,
        UserRecord,
        UserRecordBatches,
        __version__,
        is_aggregated,
        pack,
        unpack,
        unpack_arrow,
    )
except ModuleNotFoundError as _error:
    if _error.name != "aws_kpl_deagg._deagg":
        raise
    raise ImportError(
        "aws_kpl_deagg was imported from its source folder, where the extension is not built for "
        "this Python. Run `pip install -e .` there, or import the installed package from another "
        "folder."
    ) from None
from aws_kpl_deagg.deaggregator import deaggregate_records, iter_deaggregate_records

__all__ = [
    "AggregateError",
    "UserRecord",
    "UserRecordBatches",
    "__version__",
    "deaggregate_records",
    "is_aggregated",
    "iter_deaggregate_records",
    "pack",
    "unpack",
    "unpack_arrow",
]
