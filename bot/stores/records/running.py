"""Runs a transaction, given as a plain function over a session, to its end: on Postgres and on SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from loguru import logger
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from bot.stores.errors import RecordsUnavailable
from bot.stores.records.engine import database_name, make_postgres_engine, make_sqlite_engine

T = TypeVar("T")
_READERS: Final = 2


class Runner(Protocol):
    """Runs transactions on one database; tenants share it."""

    async def run(self, work: Callable[[Session], T], *, writes: bool, timeout_seconds: float) -> T:
        """What `work` returns, committed; rolled back where it raises.

        Raises:
            TimeoutError: no answer within the time.
            SQLAlchemyError, OSError: the database's trouble.
            RecordsUnavailable: the runner is closed.
        """
        ...

    async def change(self, work: Callable[[Connection], None], *, timeout_seconds: float) -> None:
        """Change the tables in one transaction. Raises as `run` does."""
        ...

    async def aclose(self) -> None:
        """Let what runs end, and release connections."""
        ...


def make_runner(url: URL, *, timeout_seconds: float) -> Runner:
    """The runner for `url`; `timeout_seconds` bounds a wait for a connection. Nothing is contacted yet.

    Raises:
        OSError: SQLite's folder cannot be made.
    """
    if url.get_backend_name() == "sqlite":
        return SqliteRunner(url)
    return PostgresRunner(url, timeout_seconds=timeout_seconds)


class PostgresRunner:
    """Transactions on Postgres, awaited statement by statement; cancelling one rolls it back as a whole."""

    def __init__(self, url: URL, *, timeout_seconds: float) -> None:
        self._engine = make_postgres_engine(url, timeout_seconds=timeout_seconds)

    async def run(self, work: Callable[[Session], T], *, writes: bool, timeout_seconds: float) -> T:
        """See `Runner.run`; Postgres needs no word of `writes`."""
        async with asyncio.timeout(timeout_seconds):
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                return await session.run_sync(work)

    async def change(self, work: Callable[[Connection], None], *, timeout_seconds: float) -> None:
        """See `Runner.change`."""
        async with asyncio.timeout(timeout_seconds), self._engine.begin() as connection:
            await connection.run_sync(work)

    async def aclose(self) -> None:
        """See `Runner.aclose`."""
        await self._engine.dispose()


class SqliteRunner:
    """Transactions on a SQLite file, each in one hop to a thread, so that no busy event loop stretches it.

    Writes share one thread and one connection: they queue up there instead of polling for the lock. Reads, which WAL
    lets pass a writer, have threads of their own. Who is cancelled or runs out of time leaves the transaction, begun
    or queued, to finish by itself: committed or rolled back, the lock is never left held.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._writing = make_sqlite_engine(url, connections=1, writes=True)
        self._reading = make_sqlite_engine(url, connections=_READERS, writes=False)
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records-writer")
        self._readers = ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="records-reader")

    async def run(self, work: Callable[[Session], T], *, writes: bool, timeout_seconds: float) -> T:
        """See `Runner.run`."""
        engine = self._writing if writes else self._reading

        def transaction() -> T:
            return _run(engine, work)

        return await self._hop(transaction, self._writer if writes else self._readers, timeout_seconds)

    async def change(self, work: Callable[[Connection], None], *, timeout_seconds: float) -> None:
        """See `Runner.change`."""

        def transaction() -> None:
            with self._writing.begin() as connection:
                work(connection)

        await self._hop(transaction, self._writer, timeout_seconds)

    async def aclose(self) -> None:
        """See `Runner.aclose`; goes on in its thread where it is cancelled."""
        await asyncio.to_thread(self._close)

    async def _hop(self, transaction: Callable[[], T], threads: Executor, timeout_seconds: float) -> T:
        try:
            running = asyncio.get_running_loop().run_in_executor(threads, transaction)
        except RuntimeError as error:  # the executor was shut down
            raise RecordsUnavailable(f"{database_name(self._url)}: the records are closed") from error
        try:
            await asyncio.wait((running,), timeout=timeout_seconds)  # unlike asyncio.timeout it cancels nothing
        except asyncio.CancelledError:
            running.add_done_callback(_tell_of_trouble)
            raise
        if not running.done():
            running.add_done_callback(_tell_of_trouble)
            raise TimeoutError
        return running.result()

    def _close(self) -> None:
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._writing.dispose()
        self._reading.dispose()


def _run(engine: Engine, work: Callable[[Session], T]) -> T:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return work(session)


def _tell_of_trouble(abandoned: asyncio.Future[T]) -> None:
    """Log that a transaction nobody waits for any more failed; the error's class only, its text can quote rows."""
    if not abandoned.cancelled() and (error := abandoned.exception()) is not None:
        logger.warning("an abandoned transaction was rolled back: {}", type(error).__name__)
