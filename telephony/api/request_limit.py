"""How many requests may come in a span of time: exact over any such span, in one process."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable


class RequestLimit:
    """Lets `count` requests through in any `seconds`; those it holds back do not count. One event loop."""

    def __init__(self, *, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        if count < 1:
            raise ValueError(f"count: expected 1 or more, got {count}")
        self._seconds = seconds
        self._clock = clock
        self._passed: deque[float] = deque(maxlen=count)

    def wait_seconds(self) -> int:
        """Let one request through and return 0, or return after how many whole seconds one will be."""
        now = self._clock()
        if len(self._passed) == self._passed.maxlen:
            left = self._passed[0] + self._seconds - now
            if left > 0:
                return math.ceil(left)
        self._passed.append(now)  # the oldest makes room
        return 0
