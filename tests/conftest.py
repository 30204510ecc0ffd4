"""Fixtures for all tests: real services, started once a session and torn down after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import running_postgres, running_redis


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """Address of a real redis-server of this session's own."""
    with running_redis() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """Address of a real Postgres of this session's own; its database is empty at first."""
    with running_postgres() as address:
        yield address
