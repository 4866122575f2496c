"""What google's protobuf makes of the messages of an aggregate. Needs `protobuf` from PyPI.

The schema is the KPL's with the keys declared `bytes`, as the package declares them, since how a
message is read and how a key is decoded are two questions.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError

Field = descriptor_pb2.FieldDescriptorProto

SCHEMA = {
    "Tag": [
        ("key", Field.LABEL_REQUIRED, Field.TYPE_BYTES),
        ("value", Field.LABEL_OPTIONAL, Field.TYPE_BYTES),
    ],
    "Record": [
        ("partition_key_index", Field.LABEL_REQUIRED, Field.TYPE_UINT64),
        ("explicit_hash_key_index", Field.LABEL_OPTIONAL, Field.TYPE_UINT64),
        ("data", Field.LABEL_REQUIRED, Field.TYPE_BYTES),
        ("tags", Field.LABEL_REPEATED, "Tag"),
    ],
    "AggregatedRecord": [
        ("partition_key_table", Field.LABEL_REPEATED, Field.TYPE_BYTES),
        ("explicit_hash_key_table", Field.LABEL_REPEATED, Field.TYPE_BYTES),
        ("records", Field.LABEL_REPEATED, "Record"),
    ],
}

# The pure-Python backend reads some odd messages otherwise, so a test has to know which it is.
BACKEND = api_implementation.Type()


def build_message_class():
    file = descriptor_pb2.FileDescriptorProto(name="kpl.proto", package="kpl", syntax="proto2")
    for message_name, fields in SCHEMA.items():
        message = file.message_type.add(name=message_name)
        for number, (name, label, kind) in enumerate(fields, 1):
            field = message.field.add(name=name, number=number, label=label)
            if isinstance(kind, str):
                field.type = Field.TYPE_MESSAGE
                field.type_name = f".kpl.{kind}"
            else:
                field.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("kpl.AggregatedRecord"))


AggregatedRecord = build_message_class()


def texts(table) -> list[str]:
    return [key.decode("utf-8", "replace") for key in table]


def read_user_records(message: bytes):
    """Returns (partition key, explicit hash key, data) of each user record, or None.

    None is for a message that is rejected. A required field that is missing reads as 0 or b"".
    """
    try:
        aggregated_record = AggregatedRecord.FromString(message)
    except DecodeError:
        return None
    partition_keys = texts(aggregated_record.partition_key_table)
    explicit_hash_keys = texts(aggregated_record.explicit_hash_key_table)
    return [
        (
            partition_keys[record.partition_key_index],
            explicit_hash_keys[record.explicit_hash_key_index]
            if record.HasField("explicit_hash_key_index")
            else None,
            record.data,
        )
        for record in aggregated_record.records
    ]
