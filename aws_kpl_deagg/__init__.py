"""Gets back the user records that the Kinesis Producer Library packed into Kinesis records."""

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
