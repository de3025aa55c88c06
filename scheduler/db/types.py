"""Store values so that both databases give back what was put in, and so that a copy of them tells nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, cast, overload

from sqlalchemy import BigInteger
from sqlalchemy.orm import object_session
from sqlalchemy.types import TypeDecorator

from scheduler.db.crypto import KeysError, Vault

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import Dialect
    from sqlalchemy.orm import Mapper, QueryContext

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

# Where a session carries its vault, and a row the vault it was loaded with.
VAULT = "vault"

T = TypeVar("T")


class Owned(Protocol):
    """A row that is about one person."""

    @property
    def owner_id(self) -> int:
        """Return the row number of that person."""


class UtcDateTime(TypeDecorator[datetime]):
    """Store an aware datetime as milliseconds since 1970 UTC.

    SQLite drops offsets without converting; a whole number sorts and compares alike on both databases.
    Raises ValueError for a naive datetime.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return milliseconds; sub-millisecond digits are cut."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        return (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC datetime."""
        return None if value is None else _EPOCH + value * _MILLISECOND


class Sealed(Generic[T]):
    """Give a row's encrypted column as its plain value: `answers = Sealed[...]()` stands for the column `_answers`.

    It opens when it is first read, so that rows loaded for something else cost nothing. None is stored as NULL. Give it
    a new value to change it; changes inside the old one are not seen. Raises CannotOpen on reading, and KeysError in a
    database that was opened without keys.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._column = f"_{name}"

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: Owned, owner: type) -> T: ...
    def __get__(self, row: Owned | None, owner: type) -> Self | T:
        """Return the plain value."""
        if row is None:
            return self
        token = getattr(row, self._column)
        known = row.__dict__.get(f"plain {self._name}")
        if known is None or known[0] != token:
            value = None if token is None else _vault_of(row).open(token, self._field(row), row.owner_id)
            known = row.__dict__[f"plain {self._name}"] = (token, value)
        return cast(T, known[1])

    def __set__(self, row: Owned, value: T) -> None:
        """Seal the value; in a row that is not stored yet, when it is."""
        token = None
        if value is not None and VAULT in row.__dict__:
            token = _vault_of(row).seal(value, self._field(row), row.owner_id)
        row.__dict__[f"plain {self._name}"] = (token, value)
        setattr(row, self._column, token)

    def _field(self, row: Owned) -> str:
        return f"{getattr(row, '__tablename__', '')}.{self._name}"


def sealed_columns(model: type) -> tuple[str, ...]:
    """Return the names of a model's encrypted values."""
    return tuple(name for name, kind in vars(model).items() if isinstance(kind, Sealed))


def lend_vault(row: Owned, context: QueryContext) -> None:
    """Let a loaded row open its values, also after its session is closed. For SQLAlchemy's event "load"."""
    row.__dict__[VAULT] = context.session.info.get(VAULT)


def seal_new(_mapper: Mapper[Any], _connection: Connection, row: Owned) -> None:
    """Seal the values of a new row: whose they are is known by now. For SQLAlchemy's event "before_insert"."""
    session = object_session(row)
    row.__dict__[VAULT] = session.info.get(VAULT) if session else None
    for name in sealed_columns(type(row)):
        setattr(row, name, getattr(row, name))


def _vault_of(row: Owned) -> Vault:
    vault = row.__dict__.get(VAULT)
    if not isinstance(vault, Vault):
        raise KeysError("this database was opened without keys")
    return vault
