"""Which stores the settings open."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import SettingsError, load_settings
from bot.stores.memory_sessions import MemorySessions
from bot.stores.opening import open_records, open_sessions
from bot.stores.redis_sessions import RedisSessions


async def test_nothing_set_keeps_sessions_in_process_and_records_under_the_data_dir(tmp_path: Path) -> None:
    settings = load_settings({"DATA_DIR": str(tmp_path / "data")}, env_file=None)
    assert isinstance(open_sessions(settings), MemorySessions)
    records = open_records(settings)
    await records.migrate()
    await records.ping()
    await records.aclose()
    assert (tmp_path / "data" / "ngx.sqlite3").exists()


async def test_addresses_open_what_they_name(redis_address: str, postgres_address: str, tmp_path: Path) -> None:
    environ = {"REDIS_URL": redis_address, "DATABASE_URL": postgres_address, "DATA_DIR": str(tmp_path / "data")}
    settings = load_settings(environ, env_file=None)
    sessions, records = open_sessions(settings), open_records(settings)
    assert isinstance(sessions, RedisSessions)
    await sessions.ping()
    await records.migrate()
    await records.ping()
    await sessions.aclose()
    await records.aclose()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("REDIS_URL", "redis://:hidden-word@host:port/0"), ("DATABASE_URL", "postgresql://u:hidden-word@host:port/d")],
)
def test_an_address_that_cannot_be_read_is_told_in_one_line_without_its_password(name: str, value: str) -> None:
    settings = load_settings({name: value}, env_file=None)
    with pytest.raises(SettingsError) as caught:
        open_sessions(settings)
        open_records(settings)
    (line,) = caught.value.lines
    assert line.startswith(f"{name}: ") and ": expected " in line and "hidden-word" not in line
