"""Runs migrations on the connection (and within the transaction) that the store hands over."""

from alembic import context

from catalog.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
