"""The types of the dicts that `aws_kpl_deagg` makes, for annotations.

The package itself does not import this module, so that whoever needs no annotations does not pay
for `typing`.
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
    # Of user records: always there. Of plain records: what their source has.
    partitionKey: str
    # Of user records alone.
    explicitHashKey: str | None
    subSequenceNumber: int
    aggregated: Literal[True]
    # What some of the sources have beside these.
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
    """What stands under 'kinesis' in a DeaggregatedRecord; `data` is base64."""

    data: str


class DecodedKinesis(_Metadata):
    """What stands under 'kinesis' in a DecodedRecord."""

    data: bytes


class _EventKeys(TypedDict, total=False):
    # What a record of a Lambda event has beside 'kinesis'.
    awsRegion: str
    eventID: str
    eventName: str
    eventSource: str
    eventSourceARN: str
    eventVersion: str
    invokeIdentityArn: str


class DeaggregatedRecord(_EventKeys):
    """A user record, or a plain record of another source than Lambda, as the package makes it."""

    kinesis: DeaggregatedKinesis


class DecodedRecord(_EventKeys):
    """A user record or a plain record as the package makes it with `decode=True`."""

    kinesis: DecodedKinesis
