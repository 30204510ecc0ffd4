"""How long a caller has waited for an answer, and how much longer a vendor may take over it. Pure; times are passed in.

A vendor's usual time is enough in most turns. Where the caller has been quiet for long before the answer was begun, as
after words that sounded unfinished, what is left of the promise is less, and so is what a vendor may take.
"""

from __future__ import annotations

from dataclasses import dataclass

PROMISED_SECONDS = 2.5
"""Within this after their last word a caller hears something, whatever is stuck."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds: what a vendor is granted, by when after the caller's last sound, and what it gets in any case."""

    usual: float
    by: float
    least: float


class CallerWait:
    """Told of the caller's voice; monotonic seconds."""

    def __init__(self) -> None:
        self._quiet_since: float | None = None

    def voice_started(self) -> None:
        """The caller speaks."""
        self._quiet_since = None

    def voice_stopped(self, *, at: float) -> None:
        """The caller's last sound was at `at`."""
        self._quiet_since = at

    def grant(self, patience: Patience, *, now: float) -> float:
        """How many seconds from now a vendor may take over the answer's first words.

        Nobody waits who speaks still, has not spoken yet, or has been quiet for longer than the promise, as one who
        is asked again: then it is the usual time.
        """
        if self._quiet_since is None or now - self._quiet_since >= PROMISED_SECONDS:
            return patience.usual
        left = self._quiet_since + patience.by - now
        return max(patience.least, min(patience.usual, left))
