"""Bare payloads, UserRecord and AggregateError."""

from typing_extensions import assert_type

from aws_kpl_deagg import AggregateError, UserRecord, __version__, is_aggregated, unpack


def payloads(payload: bytes, view: memoryview, column: bytearray, text: str) -> None:
    assert_type(is_aggregated(view), bool)
    assert_type(is_aggregated(payload=payload), bool)
    assert_type(unpack(payload), list[UserRecord])
    assert_type(unpack(payload=column, verify=False), list[UserRecord])
    is_aggregated(text)  # type: ignore[arg-type]
    unpack(text)  # type: ignore[arg-type]
    unpack(payload, False)  # type: ignore[call-arg]


def errors(payload: bytes) -> list[bytes]:
    try:
        return [user_record.data for user_record in unpack(payload)]
    except AggregateError as error:
        assert_type(error.sequence_number, str | None)
        assert_type(error.reason, str)
        raise ValueError(error.reason) from error


def user_records(user_record: UserRecord) -> None:
    partition_key, explicit_hash_key, data, tags = user_record
    assert_type(partition_key, str)
    assert_type(explicit_hash_key, str | None)
    assert_type(data, bytes)
    assert_type(tags, tuple[tuple[str, str | None], ...])
    assert_type(user_record.partition_key, str)
    assert_type(user_record.explicit_hash_key, str | None)
    assert_type(user_record.data, bytes)
    assert_type(user_record.tags, tuple[tuple[str, str | None], ...])
    assert_type(user_record._replace(data=b""), UserRecord)
    assert_type(UserRecord("a", None, b"", ()), UserRecord)
    assert_type(__version__, str)
    for tag, value in user_record.tags:
        assert_type(tag, str)
        assert_type(value, str | None)
    match user_record:
        case UserRecord(key, None, content):
            assert_type(key, str)
            assert_type(content, bytes)
        case _:
            pass
    user_record.data = b""  # type: ignore[misc]
    UserRecord("a", None, "text", ())  # type: ignore[arg-type]
    _, _, _ = user_record  # type: ignore[misc]
