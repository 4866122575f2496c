# Editors show only a stub's docstrings. These repeat the first paragraph and the example of those
# that help() shows; the docstring of the first overload stands for all.

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeAlias, TypeVar, final, overload

from typing_extensions import Buffer, Self

from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord

_Result_co = TypeVar("_Result_co", covariant=True)

# The TypedDicts of type stubs are Mapping[str, Any], but neither dict nor Mapping[str, str].
_Records: TypeAlias = Mapping[str, Any] | Iterable[Mapping[str, Any]]
_DataFormat: TypeAlias = Literal["Boto3"] | None
_HashKeyRange: TypeAlias = tuple[int, int] | Mapping[str, Any] | None
_Tags: TypeAlias = tuple[tuple[str, str | None], ...]
_PackedTags: TypeAlias = Iterable[tuple[str, str | None]]
_PackedRecord: TypeAlias = (
    tuple[str, str | None, Buffer] | tuple[str, str | None, Buffer, _PackedTags]
)
_FieldNames: TypeAlias = tuple[
    Literal["partition_key"], Literal["explicit_hash_key"], Literal["data"], Literal["tags"]
]

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: Any = None, /) -> object: ...

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = None, /) -> object: ...

_Payloads: TypeAlias = Sequence[Buffer | None] | _ArrowStream | _ArrowArray

__version__: str
# The version of protobuf-c in this build, '1.4.1' for example, to compare with security notices.
protobuf_c_version: str

@final
class UserRecordIterator(Generic[_Result_co]):
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Result_co: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    def close(self) -> None: ...

# Like a NamedTuple, but with the signatures that the type really has.
@final
class UserRecord(tuple[str, str | None, bytes, _Tags]):
    """A user record as unpack() returns it: a named tuple. Keys and tags are decoded from
    UTF-8, with invalid bytes as U+FFFD.
    """

    __match_args__: ClassVar[_FieldNames]
    _fields: ClassVar[_FieldNames]
    _field_defaults: ClassVar[dict[str, Any]]
    def __new__(
        cls, partition_key: str, explicit_hash_key: str | None, data: bytes, tags: _Tags
    ) -> Self: ...
    @property
    def partition_key(self) -> str: ...
    @property
    def explicit_hash_key(self) -> str | None: ...
    @property
    def data(self) -> bytes: ...
    @property
    def tags(self) -> _Tags: ...
    @classmethod
    def _make(cls, iterable: Iterable[Any], /) -> Self: ...
    def _asdict(self) -> dict[str, Any]: ...
    def _replace(self, /, **kwargs: Any) -> Self: ...
    def __replace__(self, /, **kwargs: Any) -> Self: ...

class AggregateError(ValueError):
    """A payload that claims to be an aggregate of the Kinesis Producer Library (KPL) but is
    not one.
    """

    def __init__(self, sequence_number: str | None, reason: str, /) -> None: ...
    @property
    def sequence_number(self) -> str | None: ...
    @property
    def reason(self) -> str: ...

# The last overload is for a variable as `decode`, and for "Boto3": a user record's data is then
# str, and that of a plain record from boto3 is bytes.
@overload
def deaggregate_records(
    records: _Records,
    data_format: None = None,
    *,
    decode: Literal[False] = False,
    strict: bool = False,
    verify: bool = True,
    hash_key_range: _HashKeyRange = None,
) -> list[DeaggregatedRecord]:
    """Return a list of all user records in `records`, in order.

    Example:
        for record in deaggregate_records(event['Records'], decode=True):
            print(record['kinesis']['partitionKey'], record['kinesis']['data'])
    """

@overload
def deaggregate_records(
    records: _Records,
    data_format: _DataFormat = None,
    *,
    decode: Literal[True],
    strict: bool = False,
    verify: bool = True,
    hash_key_range: _HashKeyRange = None,
) -> list[DecodedRecord]: ...
@overload
def deaggregate_records(
    records: _Records,
    data_format: _DataFormat = None,
    *,
    decode: bool = False,
    strict: bool = False,
    verify: bool = True,
    hash_key_range: _HashKeyRange = None,
) -> list[DeaggregatedRecord | DecodedRecord]: ...
@overload
def iter_deaggregate_records(
    records: _Records,
    data_format: None = None,
    *,
    decode: Literal[False] = False,
    strict: bool = False,
    verify: bool = True,
    hash_key_range: _HashKeyRange = None,
) -> UserRecordIterator[DeaggregatedRecord]:
    """Return an iterator over all user records in `records`, in order.

    Example:
        with iter_deaggregate_records(event['Records']) as records:
            first = next(records, None)
    """

@overload
def iter_deaggregate_records(
    records: _Records,
    data_format: _DataFormat = None,
    *,
    decode: Literal[True],
    strict: bool = False,
    verify: bool = True,
    hash_key_range: _HashKeyRange = None,
) -> UserRecordIterator[DecodedRecord]: ...
@overload
def iter_deaggregate_records(
    records: _Records,
    data_format: _DataFormat = None,
    *,
    decode: bool = False,
    strict: bool = False,
    verify: bool = True,
    hash_key_range: _HashKeyRange = None,
) -> UserRecordIterator[DeaggregatedRecord | DecodedRecord]: ...
def is_aggregated(payload: Buffer) -> bool:
    """Return whether `payload`, a bytes-like object, has the magic, length and MD5 digest of an
    aggregate of the Kinesis Producer Library. Its message may still be malformed.

    Example:
        aggregates = [record for record in response['Records'] if is_aggregated(record['Data'])]
    """

def unpack(payload: Buffer, *, verify: bool = True) -> list[UserRecord]:
    """Return a list of the UserRecords in `payload`, a bytes-like object that holds an aggregate
    of the Kinesis Producer Library.

    Example:
        for partition_key, explicit_hash_key, data, tags in unpack(payload):
            print(partition_key, data)
    """

@final
class UserRecordBatches:
    """User records as columns: the result of unpack_arrow()."""

    def __arrow_c_schema__(self) -> object:
        """Return the schema, a struct of six columns, as a PyCapsule 'arrow_schema'."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return all batches as a PyCapsule 'arrow_array_stream', any number of times."""

    def __len__(self) -> int: ...

def unpack_arrow(payloads: _Payloads, *, verify: bool = True) -> UserRecordBatches:
    """Return the user records in all `payloads` as columns: a UserRecordBatches, which pyarrow,
    Polars, DuckDB and pandas 3 read without a copy.

    Example:
        table = pyarrow.table(unpack_arrow([record['Data'] for record in response['Records']]))
    """

def pack(user_records: Iterable[_PackedRecord]) -> bytes:
    """Return the payload that holds `user_records` as an aggregate of the Kinesis Producer
    Library: the inverse of unpack().

    Example:
        payload = pack([('key', None, b'first'), ('other', None, b'second')])
    """

def pack_prefix(user_records: Iterable[_PackedRecord], most: int, /) -> tuple[bytes, int]:
    """Return the payload of as many of the first user records as fit into `most` bytes, and
    their number. For aggregator.aggregate().
    """

def hash_key(partition_key: str, explicit_hash_key: str | None, /) -> bytes:
    """Return the hash key of a user record with these keys as 16 bytes, big-endian. For
    aggregator.aggregate().
    """
