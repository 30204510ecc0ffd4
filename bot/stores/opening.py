"""Opens the stores that the settings name."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain import DEFAULT_TENANT
from bot.settings import Settings, SettingsError
from bot.stores.fallback_sessions import FallbackSessions
from bot.stores.memory_sessions import MemorySessions
from bot.stores.records.engine import DatabaseAddressError, database_url
from bot.stores.records.protocol import Records
from bot.stores.records.sql import SqlRecords
from bot.stores.redis_sessions import RedisSessions
from bot.stores.sessions import Sessions


def open_sessions(settings: Settings, *, on_away: Callable[[], None] = lambda: None) -> Sessions:
    """Sessions in Redis where REDIS_URL is set, else in this process. Nothing is contacted yet.

    With REDIS_OPTIONAL they go on in this process while Redis is away; `on_away` is told each time it fails them.

    Raises:
        SettingsError: REDIS_URL cannot be read.
    """
    if settings.redis_url is None:
        return MemorySessions()
    try:
        shared = RedisSessions(settings.redis_url.get_secret_value())
    except ValueError:  # its text would quote the address, password included
        line = "REDIS_URL: session state: expected redis://host:port/number: came an address that cannot be read"
        raise SettingsError((line,)) from None
    return FallbackSessions(shared, on_away=on_away) if settings.redis_optional else shared


def open_records(settings: Settings, *, tenant_id: str = DEFAULT_TENANT) -> Records:
    """Records in the database of DATABASE_URL, else in SQLite under DATA_DIR. Nothing is contacted yet.

    Raises:
        SettingsError: DATABASE_URL is no address of a known kind.
        OSError: SQLite's folder cannot be made.
    """
    address = None if settings.database_url is None else settings.database_url.get_secret_value()
    try:
        url = database_url(address, data_dir=settings.data_dir)
    except DatabaseAddressError as error:
        raise SettingsError((str(error),)) from None
    return SqlRecords(url, tenant_id=tenant_id)
