"""Gets back the user records that the Kinesis Producer Library packed into Kinesis records.

    deaggregate_records(records)       a list of the user records in Kinesis records, events or
                                       responses: from Lambda, boto3, Firehose, Kinesis Data
                                       Analytics, EventBridge Pipes
    iter_deaggregate_records(records)  an iterator over the same
    unpack(payload)                    a list of the UserRecords in one payload
    is_aggregated(payload)             whether a payload looks like an aggregate

help() on each tells what goes in, what comes out, the options, and what is raised. Either all user
records of a Kinesis record come out, or the Kinesis record itself does: a damaged aggregate is
logged by the logger 'aws_kpl_deagg' or, with strict=True, raises AggregateError, which lists the
reasons. aws_kpl_deagg.record_types has types for annotations; python -m aws_kpl_deagg --help tells
about the command.
"""

from aws_kpl_deagg._deagg import (
    AggregateError,
    UserRecord,
    __version__,
    is_aggregated,
    unpack,
)
from aws_kpl_deagg.deaggregator import deaggregate_records, iter_deaggregate_records

__all__ = [
    "AggregateError",
    "UserRecord",
    "__version__",
    "deaggregate_records",
    "is_aggregated",
    "iter_deaggregate_records",
    "unpack",
]
