"""The types of the dicts that `aws_kpl_deagg` makes, for annotations.

The package itself does not import this module, so that programs without annotations do not pay for
the import of `typing`.
"""

from datetime import datetime
from typing import Literal, TypedDict

__all__ = [
    "DecodedKinesis",
    "DecodedRecord",
    "DeaggregatedKinesis",
    "DeaggregatedRecord",
]


class _OptionalMetadata(TypedDict, total=False):
    # Always present in user records; in plain records, if their source has it.
    partitionKey: str
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
    kinesisSchemaVersion: str
    sequenceNumber: str
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
    """A user record, or a plain record of a source other than Lambda, as the package makes it."""

    kinesis: DeaggregatedKinesis


class DecodedRecord(_EventKeys):
    """A user record or a plain record as the package makes it with `decode=True`."""

    kinesis: DecodedKinesis
