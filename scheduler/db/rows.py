"""Run a statement for many rows at once, and write lists of row numbers into one, at a database driver's own speed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    Dialect,
    Select,
    Text,
    UpdateBase,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Values = Mapping[str, Any]
Write = Callable[[dict[str, Any]], UpdateBase]

# SQLAlchemy keeps the columns' own names for itself.
_GIVEN = "given_"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def stored(at: datetime | None) -> int | None:
    """Return an instant as `UtcDateTime` stores it."""
    return None if at is None else (at - _EPOCH) // _MILLISECOND


class Many:
    """Hold a statement that changes a row for each set of values, which are given as they are stored.

    SQLAlchemy writes it out once, with a value for each column: to let it look at each value of each row would cost
    more than the database does. SQLite goes through the rows by itself; PostgreSQL, which plans a statement for each
    anew, takes all of them as one table.
    """

    def __init__(self, columns: Mapping[str, Column[Any]], *writes: Write) -> None:
        """Take the columns that values are given for, by the values' names, and what makes the statement of these.

        With two of the latter the second is for PostgreSQL.
        """
        each = writes[0]({name: bindparam(_GIVEN + name, type_=kind.type) for name, kind in columns.items()})
        compiled = each.compile(dialect=sqlite.dialect())
        assert isinstance(compiled, SQLCompiler)  # of a statement
        self._names = [name.removeprefix(_GIVEN) for name in compiled.positiontup or ()]
        rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON)).table_valued(
            *(column(name, kind.type) for name, kind in columns.items()), name="given"
        )
        all_at_once = writes[-1](dict(rows.render_derived(with_types=True).c.items()))
        dialect = psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        self._texts = {"sqlite": str(compiled), "postgresql": str(all_at_once.compile(dialect=dialect))}

    async def run(self, session: AsyncSession, rows: Sequence[Values]) -> None:
        """Run it for all these rows; for none it does nothing."""
        if not rows:
            return
        connection = await session.connection()
        name = connection.dialect.name
        values: Any = {"rows": json.dumps(rows)}
        if name == "sqlite":
            values = [tuple(map(row.__getitem__, self._names)) for row in rows]
        await connection.exec_driver_sql(self._texts[name], values)


class _Numbers(TypeDecorator[Sequence[int]]):
    """Give a list of row numbers as one value."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type in which the driver takes it."""
        return dialect.type_descriptor(ARRAY(BigInteger) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:  # noqa: ANN401  # by dialect
        """Return a list, or for SQLite JSON."""
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class _Each(FunctionElement[int]):
    """Make a row of each number of a list."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Each, "sqlite")
def _for_sqlite(element: _Each, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401  # handed on
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Each, "postgresql")
def _for_postgresql(element: _Each, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401  # handed on
    return f"(SELECT unnest({compiler.process(element.clauses, **how)}) AS value)"


def numbers(name: str) -> Select[tuple[int]]:
    """Return a parameter for a list of row numbers, to be used with `in_`.

    As one value it leaves the statement the same for every list: with a value for each number the database and its
    driver would read it anew each time.
    """
    each = _Each(bindparam(name, type_=_Numbers())).table_valued("value")
    return select(each.c.value)
