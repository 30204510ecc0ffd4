"""Addresses as people write them, and the engines for them, with the same promises on SQLite and Postgres."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_SQLITE_BUSY_MS: Final = 5000
_POOL_SIZE: Final = 10


class DatabaseAddressError(ValueError):
    """DATABASE_URL is of no kind that is known; never shows its password."""


def database_url(address: str | None, *, data_dir: Path) -> URL:
    """SQLAlchemy's address for `postgres(ql)://…`, `sqlite:///path`, or SQLite under `data_dir` for None.

    Raises:
        DatabaseAddressError: another kind of address, or none at all.
    """
    if address is None:
        return URL.create("sqlite+pysqlite", database=str(data_dir / "ngx.sqlite3"))
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # its text would quote the address, password included
        raise DatabaseAddressError(
            "DATABASE_URL: durable records: expected postgresql://… or sqlite:///path: came no address"
        ) from None
    if url.drivername.partition("+")[0] in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername.partition("+")[0] == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+pysqlite")
    raise DatabaseAddressError(
        "DATABASE_URL: durable records: expected postgresql://… or sqlite:///path: "
        f"came {url.drivername}:{url.database or '':.40}"
    )


def database_name(url: URL) -> str:
    """The database as messages name it, without user and password."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite at {url.database}"
    return f"Postgres at {url.host}:{url.port or 5432}/{url.database}"


def make_sqlite_engine(url: URL, *, connections: int, writes: bool) -> Engine:
    """An engine for a SQLite file, whose folder it makes; no connection is opened yet.

    With `writes` each transaction takes the write lock at its beginning instead of failing later; without it the
    connections refuse to write. Parameters, which hold people's data, stay out of errors.

    Raises:
        OSError: the folder cannot be made.
    """
    _make_folder(url)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
    )
    event.listen(engine, "connect", _prepare_writer if writes else _prepare_reader)
    event.listen(engine, "begin", _begin_writing if writes else _begin)
    return engine


def make_postgres_engine(url: URL, *, timeout_seconds: float) -> AsyncEngine:
    """An engine for Postgres; no connection is opened yet. Parameters, which hold people's data, stay out of errors."""
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


def _make_folder(url: URL) -> None:
    Path(url.database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _prepare_writer(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY_MS}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # an opt-out that was confirmed survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Turn on the write-ahead log. Where two open a new file at once, SQLite refuses one of them without waiting."""
    deadline = time.monotonic() + _SQLITE_BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare_reader(connection: Any, record: object) -> None:
    _prepare_writer(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")  # a write that is not declared as one fails at once
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
