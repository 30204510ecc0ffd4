"""What every store raises when it cannot be reached."""

from __future__ import annotations


class StoreUnavailable(Exception):
    """A store did not answer in time or not at all; the message names the store and what to do, never its password."""


class CursorError(ValueError):
    """A page was asked for with a cursor that no page gave out."""
