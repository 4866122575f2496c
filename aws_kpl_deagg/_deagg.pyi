from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar, final

# A record that is no intact aggregate comes out as the object that went in.
_Record = TypeVar("_Record", bound=Mapping[str, Any])

__version__: str

def deaggregate_records(
    records: _Record | Iterable[_Record],
) -> list[_Record | dict[str, Any]]: ...
def iter_deaggregate_records(
    records: _Record | Iterable[_Record],
) -> UserRecordIterator[_Record]: ...

@final
class UserRecordIterator(Generic[_Record]):
    def __iter__(self) -> UserRecordIterator[_Record]: ...
    def __next__(self) -> _Record | dict[str, Any]: ...
    def close(self) -> None: ...
