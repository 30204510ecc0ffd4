"""Alembic's entry: runs migrations over the connection that `bot.stores.records.migration` hands over."""

from __future__ import annotations

from alembic import context

from bot.stores.records.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
