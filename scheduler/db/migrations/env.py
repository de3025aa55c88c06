"""Run migrations on the connection that `scheduler.db.migrate` opened."""

from alembic import context

from scheduler.db.models import Person

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Person.metadata,
    # SQLite cannot change a table in place: copy it, with every named constraint.
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
