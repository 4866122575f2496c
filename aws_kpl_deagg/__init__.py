"""Gets back the user records that the Kinesis Producer Library packed into Kinesis records."""

from aws_kpl_deagg._deagg import __version__
from aws_kpl_deagg.deaggregator import deaggregate_records, iter_deaggregate_records

__all__ = ["__version__", "deaggregate_records", "iter_deaggregate_records"]
