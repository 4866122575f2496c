"""The types of the dicts that `aws_kpl_deagg` makes, for annotations.

The package itself does not import this module, so that programs without annotations do not pay for
the import of `typing`.
"""

from datetime import datetime
from typing import Any, Literal, TypedDict

__all__ = [
    "DecodedKinesis",
    "DecodedRecord",
    "DeaggregatedKinesis",
    "DeaggregatedRecord",
    "PutRecordsEntry",
]


class _OptionalMetadata(TypedDict, total=False):
    # Present only in user records.
    explicitHashKey: str | None
    subSequenceNumber: int
    aggregated: Literal[True]
    # Present only in records of some sources.
    encryptionType: str
    recordId: str
    shardId: str
    subsequenceNumber: int | str


class _Metadata(_OptionalMetadata):
    # Every source has these. A key that a Kinesis record lacks all the same stays absent.
    kinesisSchemaVersion: str
    sequenceNumber: str
    partitionKey: str
    # Seconds (Lambda, Pipes), milliseconds (Firehose, Analytics) or a datetime (boto3).
    approximateArrivalTimestamp: int | float | datetime


class DeaggregatedKinesis(_Metadata):
    """The value of 'kinesis' in a DeaggregatedRecord; `data` is base64."""

    data: str


class DecodedKinesis(_Metadata):
    """The value of 'kinesis' in a DecodedRecord; `data` is bytes."""

    data: bytes


class _EventKeys(TypedDict, total=False):
    # The keys of a Lambda event's record other than 'kinesis'.
    awsRegion: str
    eventID: str
    eventName: str
    eventSource: str
    eventSourceARN: str
    eventVersion: str
    invokeIdentityArn: str


class DeaggregatedRecord(_EventKeys):
    """A user record or a plain record, as the package returns it.

    A plain record from Lambda is the same object that went in, so it may be a mapping of another
    class than dict. With `data_format="Boto3"` a plain record from boto3 has bytes as its
    `data`, so it is a DecodedRecord.
    """

    kinesis: DeaggregatedKinesis


class DecodedRecord(_EventKeys):
    """A user record or a plain record, as the package returns it with `decode=True`.

    The exception: a damaged record whose `data` is not base64 is passed through untouched, so its
    `data` is still str. The logger reports each; with `strict=True` it raises AggregateError.
    """

    kinesis: DecodedKinesis


class _PutRecordsData(TypedDict):
    # bytes. Any, since a type checker would not accept another type of value for that of boto3.
    Data: Any


class PutRecordsEntry(_PutRecordsData, total=False):
    """A Kinesis record to put, as `aggregator.aggregate()` yields it for boto3's put_records.

    `PartitionKey` is always there. It is not required, since boto3-stubs does not require it, and
    a type checker accepts an entry for put_records only if both agree.
    """

    PartitionKey: str
    ExplicitHashKey: str
