"""Alembic environment: runs on the connection it is given, inside the caller's lock and transaction."""

from alembic import context

from speko_core.db.migrations.rendering import include_object, render_item
from speko_core.db.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
    include_object=include_object,
    transactional_ddl=True,
)
context.run_migrations()
