"""Run a statement for many rows at once, and write lists of row numbers into one, at a database driver's own speed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    Dialect,
    Text,
    UpdateBase,
    bindparam,
    cast,
    column,
    func,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

# In the order of the columns that they are for.
Values = tuple[Any, ...]
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
        """Take the columns that values are given for, in their order, and what makes the statement of these.

        With two of the latter the second is for PostgreSQL.
        """
        each = writes[0]({name: bindparam(_GIVEN + name, type_=kind.type) for name, kind in columns.items()})
        compiled = each.compile(dialect=sqlite.dialect())
        assert isinstance(compiled, SQLCompiler)  # of a statement
        self._names = list(columns)
        places = [self._names.index(name.removeprefix(_GIVEN)) for name in compiled.positiontup or ()]
        self._in_place = itemgetter(*places)
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
        values: Any
        if name == "sqlite":
            values = list(map(self._in_place, rows))
        else:
            values = {"rows": json.dumps([dict(zip(self._names, row, strict=True)) for row in rows])}
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


class among(FunctionElement[Any]):  # noqa: N801  # it is used as a function, like SQLAlchemy's own
    """Ask whether a column is in a list of row numbers, which is given as one parameter.

    As one value it leaves the statement the same for every list: with a value for each number the database and its
    driver would read it anew each time.
    """

    # Not Boolean: of that SQLAlchemy writes "... = 1" for SQLite, which then finds no index for it.
    type = NullType()
    inherit_cache = True

    def __init__(self, of: Column[int], name: str) -> None:
        """Take the column and the parameter's name."""
        super().__init__(of, bindparam(name, type_=_Numbers()))


@compiles(among, "sqlite")
def _for_sqlite(element: among, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401  # handed on
    of, given = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({of} IN (SELECT value FROM json_each({given})))"  # noqa: S608  # nosec B608  # parts of a statement


@compiles(among, "postgresql")
def _for_postgresql(element: among, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401  # handed on
    of, given = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({of} = ANY ({given}))"
