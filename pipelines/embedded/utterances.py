"""One caller's utterances for the embedded recogniser: all audio in, opened and closed by voice activity."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipecat.frames.frames import Frame, TranscriptionFrame
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from pipelines.embedded.recogniser import Heard, RecogniserLost, RecogniserStream
from pipelines.frames import NotUnderstoodFrame
from pipelines.line import LINE_SAMPLE_RATE

BEFORE_SECONDS = 0.4
"""Audio from before voice activity noticed the speech: its beginning."""

_BYTES_PER_SECOND = 2 * LINE_SAMPLE_RATE


class AudioRing:
    """The last `seconds` of 16-bit audio at the line's rate."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self._pieces: deque[bytes] = deque()
        self._bytes = 0

    def add(self, audio: bytes) -> None:
        """Keep `audio`, and let go what has become too old."""
        self._pieces.append(audio)
        self._bytes += len(audio)
        while self._bytes > self.seconds * _BYTES_PER_SECOND and len(self._pieces) > 1:
            self._bytes -= len(self._pieces.popleft())

    def clear(self) -> None:
        """Forget all."""
        self._pieces.clear()
        self._bytes = 0

    def content(self) -> bytes:
        """All that is kept, oldest first."""
        return b"".join(self._pieces)

    @property
    def kept_seconds(self) -> float:
        """How much is kept."""
        return self._bytes / _BYTES_PER_SECOND


class Utterances:
    """Feeds a stream between `begin` and `end`, with a little of what precedes; outside it only remembers that little.

    Once RecogniserLost was raised the stream has been given back and the object is of no more use.
    """

    def __init__(self, stream: RecogniserStream, *, on_interim: Callable[[str], None]) -> None:
        self._stream = stream
        self._before = AudioRing(seconds=BEFORE_SECONDS)
        self._listening = False
        stream.on_interim = on_interim

    def feed(self, audio: bytes) -> None:
        """Take 8 kHz 16-bit audio, whether the caller speaks or not.

        Raises:
            RecogniserLost: the process is gone.
        """
        if not self._listening:
            self._before.add(audio)
            return
        with self._giving_back():
            self._stream.feed(audio)

    def begin(self) -> None:
        """The caller speaks; an utterance that was not ended is dropped.

        Raises:
            RecogniserLost: the process is gone.
        """
        with self._giving_back():
            self._stream.start_utterance()
            self._stream.feed(self._before.content())
        self._before.clear()
        self._listening = True

    async def end(self) -> Heard | None:
        """The caller is silent: what was said, None where nothing had begun. The next utterance may begin meanwhile.

        Raises:
            RecogniserLost: the process is gone; what was said is lost.
        """
        if not self._listening:
            return None
        self._listening = False
        with self._giving_back():
            return await self._stream.finish()

    def close(self) -> None:
        """Give the stream back."""
        self._listening = False
        self._stream.on_interim = None
        self._stream.close()

    @contextmanager
    def _giving_back(self) -> Iterator[None]:
        try:
            yield
        except RecogniserLost:
            self.close()
            raise


def heard_frame(heard: Heard | None, *, user_id: str) -> Frame | None:
    """What a call is told of an utterance: its words, that they are not to be trusted, or nothing for no words."""
    if heard is None or not heard.words:
        return None
    if not heard.in_domain:
        return NotUnderstoodFrame()
    return TranscriptionFrame(heard.text, user_id, time_now_iso8601(), Language.EN, finalized=True)
