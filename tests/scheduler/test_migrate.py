"""The migrations make exactly the tables of the models, and take them away again, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from scheduler.db import migrate, revision
from scheduler.db.models import Base


def test_the_migrations_make_the_tables_of_the_models(database_url: str) -> None:
    engine = revision.open_engine(database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()

    assert differences == []
    assert revision.current(database_url) == revision.newest()


@pytest.mark.case(71)
def test_the_tables_can_be_taken_away_and_made_again(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate.upgrade(url)
    migrate.downgrade(url, "base")
    engine = revision.open_engine(url)
    left = inspect(engine).get_table_names()
    engine.dispose()

    assert left == ["alembic_version"]
    assert revision.current(url) is None
    migrate.upgrade(url)
    assert revision.current(url) == revision.newest()


@pytest.mark.case(72)
def test_every_named_rule_of_the_tables_is_in_the_database(database_url: str) -> None:
    engine = revision.open_engine(database_url)
    found = {rule["name"] for table in ("plans", "check_ins") for rule in inspect(engine).get_check_constraints(table)}
    engine.dispose()

    assert {"ck_plans_kind", "ck_plans_unit", "ck_plans_interval", "ck_check_ins_state"} <= found


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_replicas_that_start_at_once_on_a_new_database_make_its_tables_once(database_url: str) -> None:
    migrate.downgrade(database_url, "base")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate.upgrade, [database_url] * 4))

    assert revision.current(database_url) == revision.newest()
