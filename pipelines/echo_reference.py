"""What the caller's telephone played along with each window that is heard: a steady reference for telling echo.

The clock, the marks and the caller's audio all come with the network's jitter, so that the position asked for a window
jumps to and fro by tens of milliseconds. Both sides' sound runs by one clock, though, the telephone's: what was played
is therefore read on from where the last window ended, and led back to the position believed only slowly.
"""

from __future__ import annotations

from typing import Final

from pipelines.mulaw import ULAW_SILENCE

MARGIN_SAMPLES: Final = 512
"""The reference runs behind by this (64 ms), to read on where marks are late; an echo takes longer than that."""

_HISTORY_SAMPLES: Final = 4096
_SLEW_SAMPLES: Final = 4  # a window: 40 ms are made good in 2.6 s
_FAR_SAMPLES: Final = 640  # so far off (80 ms) it is no jitter…
_FAR_WINDOWS: Final = 6  # …if it stays so

_SILENCE: Final = bytes([ULAW_SILENCE])


class EchoReference:
    """One call's reference. Pure: it is handed what is believed to have been played until now, window by window."""

    def __init__(self, window_samples: int) -> None:
        self._window = window_samples
        self._history = _SILENCE * _HISTORY_SAMPLES
        self._last = _SILENCE * window_samples
        self._sounding = 0
        self._far_windows = 0

    @property
    def history_samples(self) -> int:
        """How much of what was played last is to be handed to `read`."""
        return _HISTORY_SAMPLES

    def read(self, believed: bytes, *, ahead: int = 0) -> bytes:
        """What was played along with the next window that was heard: mu-law, a window long.

        Args:
            believed: the mu-law audio played until now as far as is known, `history_samples` long.
            ahead: samples heard already that come after this window.
        """
        self._follow(believed)
        due = _HISTORY_SAMPLES - MARGIN_SAMPLES - self._window - ahead
        start = self._continued(due)
        self._last = self._history[start : start + self._window]
        return self._last

    def _follow(self, believed: bytes) -> None:
        """Take over what is believed; where nothing plays any more, what did just now is kept for its echo."""
        if not believed.strip(_SILENCE):
            self._sounding = 0
            self._history = self._history[self._window :] + _SILENCE * self._window
            return
        # What stood before it in the stream may have been played long ago.
        self._sounding = min(self._sounding + self._window, _HISTORY_SAMPLES)
        self._history = self._history[: -self._sounding] + believed[-self._sounding :]

    def _continued(self, due: int) -> int:
        """Where the next window starts in the history; `due` says where by the clock."""
        found = self._find_last(due - self._window)
        if found is None:
            self._far_windows = 0
            return due
        start = found + self._window
        off = due - start
        self._far_windows = self._far_windows + 1 if abs(off) > _FAR_SAMPLES else 0
        if self._far_windows > _FAR_WINDOWS:
            self._far_windows = 0
            return due
        start += max(-_SLEW_SAMPLES, min(off, _SLEW_SAMPLES))
        return min(start, _HISTORY_SAMPLES - self._window)

    def _find_last(self, around: int) -> int | None:
        """Where the last window read lies in the history, next to `around`; None in silence, or where it is gone."""
        if not self._last.strip(_SILENCE):
            return None
        before = self._history.rfind(self._last, 0, around + self._window)
        after = self._history.find(self._last, around)
        places = [place for place in (before, after) if place >= 0]
        return min(places, key=lambda place: abs(place - around), default=None)
