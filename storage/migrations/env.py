"""Alembic's entry: migrations run on the connection that `storage.migrate` hands over."""

from alembic import context

from storage.coverage_models import PackageRow

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=PackageRow.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
