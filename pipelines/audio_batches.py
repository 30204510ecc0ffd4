"""The caller's audio in pieces worth sending: large while nobody speaks, small around a voice. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.line import LINE_SAMPLE_RATE

_BYTES_A_SECOND = 2 * LINE_SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class BatchParams:
    """How much audio goes to the recogniser at a time.

    Flux recommends about 80 ms; what is held back of a voice would be added to every answer.
    """

    voice_seconds: float = 0.04
    """While a voice goes on."""
    ending_seconds: float = 0.02
    """Shortly after it: what comes now tells whether the turn is over."""
    quiet_seconds: float = 0.1
    """While there is none."""
    near_seconds: float = 0.5
    """How long that is "shortly"."""


class AudioBatches:
    """One call's audio on its way to the recogniser; nothing is lost, added or put in another order."""

    def __init__(self, params: BatchParams | None = None) -> None:
        self.params = params or BatchParams()
        self._held = bytearray()
        self._silence_seconds = 0.0

    def push(self, pcm16: bytes, *, silence_seconds: float) -> bytes:
        """Take 16-bit samples at 8 kHz; return what is to be sent now, empty where it is held back.

        `silence_seconds`: since the last window of voice, this audio included. As soon as a voice begins, what was
        held back goes out with it.
        """
        voice_again = silence_seconds < self._silence_seconds
        self._silence_seconds = silence_seconds
        self._held += pcm16
        if voice_again or len(self._held) >= self._enough(silence_seconds):
            return self.flush()
        return b""

    def _enough(self, silence_seconds: float) -> int:
        """Bytes that make a piece."""
        params = self.params
        if silence_seconds <= 0:
            seconds = params.voice_seconds
        else:
            seconds = params.ending_seconds if silence_seconds < params.near_seconds else params.quiet_seconds
        return round(seconds * _BYTES_A_SECOND)

    def flush(self) -> bytes:
        """What is held back, which may be nothing."""
        piece = bytes(self._held)
        self._held.clear()
        return piece
