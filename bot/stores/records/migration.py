"""Runs the Alembic migrations inside the package over an open connection."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_LOCK: Final = 0x6E67782D766F6963  # "ngx-voic": the advisory lock that starting workers share
_FOLDER: Final = Path(__file__).parent.parent / "migrations"


def upgrade(connection: Connection, *, revision: str = "head") -> None:
    """Bring the database up to `revision`, within the connection's transaction; others wait meanwhile."""
    _lock(connection)
    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, *, revision: str) -> None:
    """Bring the database down to `revision` (`base`: no tables), within the connection's transaction."""
    _lock(connection)
    command.downgrade(_config(connection), revision)


def is_current(connection: Connection) -> bool:
    """Whether the database has exactly the tables of this version."""
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def _lock(connection: Connection) -> None:
    # On SQLite the transaction itself holds the write lock from its beginning.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
