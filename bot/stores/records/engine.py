"""Engines for the addresses people write, with the same promises on SQLite and Postgres."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_SQLITE_BUSY_MS: Final = 5000
_POOL_SIZE: Final = 10

WRITES: Final = "ngx_writes"
"""Execution option of connections that will write: SQLite takes its write lock at once instead of failing later."""


class DatabaseAddressError(ValueError):
    """DATABASE_URL is of no kind that is known; never shows its password."""


def database_url(address: str | None, *, data_dir: Path) -> URL:
    """SQLAlchemy's address for `postgres(ql)://…`, `sqlite:///path`, or SQLite under `data_dir` for None.

    Raises:
        DatabaseAddressError: another kind of address, or none at all.
    """
    if address is None:
        return URL.create("sqlite+aiosqlite", database=str(data_dir / "ngx.sqlite3"))
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # its text would quote the address, password included
        raise DatabaseAddressError(
            "DATABASE_URL: durable records: expected postgresql://… or sqlite:///path: came no address"
        ) from None
    if url.drivername.partition("+")[0] in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername.partition("+")[0] == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+aiosqlite")
    raise DatabaseAddressError(
        "DATABASE_URL: durable records: expected postgresql://… or sqlite:///path: "
        f"came {url.drivername}:{url.database or '':.40}"
    )


def make_engine(url: URL, *, timeout_seconds: float) -> AsyncEngine:
    """An engine for `url`; makes SQLite's folder. Parameters, which hold people's data, stay out of errors."""
    if url.get_backend_name() == "sqlite":
        Path(url.database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_async_engine(url, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=timeout_seconds,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": max(2, round(timeout_seconds)),
            "tcp_user_timeout": round(timeout_seconds * 1000),  # a peer that vanished is noticed within it
            "application_name": "ngx-voice",
        },
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an opt-out that was confirmed survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
