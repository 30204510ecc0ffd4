"""What every store raises when it cannot be reached."""

from __future__ import annotations


class StoreUnavailable(Exception):
    """A store did not answer in time or not at all; the message names the store and what to do, never its password."""


class SessionsUnavailable(StoreUnavailable):
    """The store of live calls' state did not answer."""


class RecordsUnavailable(StoreUnavailable):
    """The database of durable records did not answer."""


class CursorError(ValueError):
    """A page was asked for with a cursor that no page gave out."""
