"""Hold what all tables have in common: names for constraints, row numbers, and whose a row is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase

from scheduler.db.types import UtcDateTime

# Alembic on SQLite copies tables and drops what has no name.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite gives out row numbers only for INTEGER keys.
Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Name every constraint."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012
    # A row number is never given out again: a sender still under way for a deleted person names nobody else.
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012

    @property
    def owner_id(self) -> int:
        """Return the row number of the person whose row this is."""
        person_id: int = self.person_id  # type: ignore[attr-defined]  # every table about a person but their own has it
        return person_id
