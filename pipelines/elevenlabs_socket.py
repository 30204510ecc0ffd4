"""ElevenLabs' multi-context WebSocket for work ahead of calls: one text after the other, in the protocol of calls."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self, cast

from pipecat.services.elevenlabs.tts_base import calculate_word_times
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from pipelines.embedded.voice import SpeechChunk, SpokenWord, VoiceFailed

_OPEN_SECONDS = 5.0
_MESSAGE_SECONDS = 8.0
"""How long the voice may be silent in the middle of a text."""
_CLOSE_SECONDS = 0.5
_MAX_MESSAGE = 16 * 1024 * 1024
_SLOWEST, _FASTEST = 0.7, 1.2
"""What the vendor allows for `speed`."""


def speed_of(pace: float) -> float:
    """The vendor's `speed` for a pace."""
    return min(max(pace, _SLOWEST), _FASTEST)


@asynccontextmanager
async def open_elevenlabs_socket(address: str, *, key: str) -> AsyncGenerator[ElevenLabsSocket]:
    """A socket at `address` (ws(s)://…/multi-stream-input?…), closed with the block. Cancelling is safe.

    Raises:
        VoiceFailed: no connection, or it was refused.
    """
    try:
        socket = await connect(
            address,
            additional_headers={"xi-api-key": key},
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            max_size=_MAX_MESSAGE,
        )
    except (OSError, TimeoutError, WebSocketException) as error:
        raise VoiceFailed(f"no connection to the voice: {type(error).__name__}") from error
    try:
        yield ElevenLabsSocket(socket)
    finally:
        await socket.close()


class ElevenLabsSocket:
    """Speaks one text at a time over an open socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def speak(self, text: str, *, language: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        """See `Synthesiser`. The model follows the language of the words; `pace` is held within 0.7 to 1.2.

        Raises:
            VoiceFailed: the vendor refused, fell silent, closed, or sent what nobody understands.
        """
        name = str(uuid.uuid4())
        words = _Words()
        try:
            await self._ask(name, text, pace)
            while not (message := await self._next(name)).final:
                yield SpeechChunk(message.pcm, words.take(message))
        except (OSError, TimeoutError, WebSocketException) as error:
            raise VoiceFailed(f"the voice broke off: {type(error).__name__}") from error
        yield SpeechChunk(b"", words.rest())

    async def _ask(self, name: str, text: str, pace: float) -> None:
        opening: dict[str, Any] = {"text": " ", "context_id": name}
        if pace != 1.0:
            opening["voice_settings"] = {"speed": speed_of(pace)}
        async with asyncio.timeout(_MESSAGE_SECONDS):
            for message in (
                opening,
                {"text": text, "context_id": name},
                {"context_id": name, "flush": True},
                {"context_id": name, "close_context": True},
            ):
                await self._socket.send(json.dumps(message))

    async def _next(self, name: str) -> _Message:
        """The next message about `name`; those about texts given up before are passed over."""
        async with asyncio.timeout(_MESSAGE_SECONDS):
            while (message := _Message.parse(await self._socket.recv())).context != name:
                pass
        return message


@dataclass(frozen=True, kw_only=True)
class _Message:
    """A stretch of a context's sound, or its end. Times are milliseconds from the beginning of this stretch."""

    context: str
    pcm: bytes = b""
    letters: tuple[str, ...] = ()
    starts: tuple[float, ...] = ()
    span: float = 0.0
    final: bool = False

    @classmethod
    def parse(cls, raw: str | bytes) -> Self:
        """Read a message.

        Raises:
            VoiceFailed: it tells of an error, or is malformed.
        """
        try:
            message = json.loads(raw)
            if "error" in message:
                raise VoiceFailed(f"the voice refused: {str(message['error'])[:60]}")
            alignment = message.get("alignment") or message.get("normalizedAlignment") or {}
            starts = tuple(float(start) for start in alignment.get("charStartTimesMs", ()))
            lengths = tuple(float(length) for length in alignment.get("charDurationsMs", ()))
            return cls(
                context=str(message.get("contextId")),
                pcm=base64.b64decode(message.get("audio") or "", validate=True),
                letters=tuple(str(letter) for letter in alignment.get("chars", ())),
                starts=starts,
                span=starts[-1] + lengths[-1] if starts and lengths else 0.0,
                final=message.get("isFinal") is True,
            )
        except (ValueError, TypeError, AttributeError, binascii.Error) as error:
            raise VoiceFailed("the voice sent a malformed message") from error


@dataclass
class _Words:
    """Puts letters together into words, over the messages of one text."""

    clock: float = 0.0
    partial: str = ""
    partial_start: float = 0.0
    began: bool = field(default=False)

    def take(self, message: _Message) -> tuple[SpokenWord, ...]:
        """The words that `message` completes."""
        letters, starts = message.letters, message.starts
        while letters and not self.began and letters[0] == " ":
            letters, starts = letters[1:], starts[1:]
        self.began = self.began or bool(letters)
        alignment = {"chars": letters, "charStartTimesMs": starts}
        found, self.partial, self.partial_start = calculate_word_times(
            alignment, self.clock, self.partial, self.partial_start
        )
        self.clock += message.span / 1000
        return tuple(SpokenWord(word, start, start) for word, start in cast("list[tuple[str, float]]", found))

    def rest(self) -> tuple[SpokenWord, ...]:
        """The last word, which no space ended."""
        return (SpokenWord(self.partial, self.partial_start, self.clock),) if self.partial else ()
