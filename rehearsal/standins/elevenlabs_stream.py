"""One multi-context WebSocket of the ElevenLabs stand-in."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rehearsal.standins.behaviour import FaultySocket
from rehearsal.standins.profile import Dice
from rehearsal.standins.speech import Piece, Speaker

MAX_CONTEXTS = 5
_SCHEDULE = (120, 160, 250, 290)  # characters that start a generation when auto_mode is off
_POLICY_VIOLATION = 1008


@dataclass(frozen=True)
class StreamSettings:
    """What the client asked for in the address."""

    voice: str
    form: str
    auto_mode: bool
    language: str | None
    inactivity_seconds: float


@dataclass
class StreamRecord:
    """A connection as it came, for assertions; `texts` holds what each context was given."""

    settings: StreamSettings
    texts: dict[str, str] = field(default_factory=dict[str, str])
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    is_open: bool = True


@dataclass
class _Context:
    """A context: text not yet given to the voice, and the queue of what the voice is to say (None: the end)."""

    name: str
    waiting: str = ""
    generations: int = 0
    closing: bool = False
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue[str | None])


class VoiceStream:
    """Serves one connection until either side ends it.

    What a context still has to say when it is closed is said to its end, then `isFinal` follows: pipecat closes the
    context at the end of each turn and relies on it.
    """

    def __init__(
        self, socket: FaultySocket, record: StreamRecord, speaker: Speaker, dice: Dice, *, needs_key: bool
    ) -> None:
        self._socket = socket
        self._record = record
        self._settings = record.settings
        self._speaker = speaker
        self._dice = dice
        self._needs_key = needs_key
        self._contexts: dict[str, _Context] = {}

    async def run(self, may: Callable[[str], bool]) -> None:
        """Serve; `may(key)` says whether a key that comes in the first message is good."""
        async with asyncio.TaskGroup() as tasks:
            workers: list[asyncio.Task[None]] = []
            try:
                while self._socket.is_open and await self._next_message(tasks, workers, may):
                    pass
            finally:
                for worker in workers:
                    worker.cancel()

    async def refuse(self, error: str, message: str) -> None:
        """Say what is wrong, as the vendor does, and close."""
        await self._socket.send({"message": message, "error": error, "code": _POLICY_VIOLATION})
        await self._socket.close(_POLICY_VIOLATION, message[:120])

    async def _next_message(
        self, tasks: asyncio.TaskGroup, workers: list[asyncio.Task[None]], may: Callable[[str], bool]
    ) -> bool:
        try:
            async with asyncio.timeout(self._settings.inactivity_seconds):
                event = await self._socket.socket.receive()
        except TimeoutError:
            limit = self._settings.inactivity_seconds
            await self.refuse(
                "input_timeout_exceeded",
                f"Have not received a new text input within the timeout of {limit} seconds. "
                "Streaming input terminated. Please make sure to send text regularly to avoid this timeout.",
            )
            return False
        if event["type"] == "websocket.disconnect":
            return False
        try:
            message = msgspec.json.decode(event.get("text") or b"", type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError):
            await self.refuse("invalid_message", "The message is not a JSON object.")
            return False
        self._record.messages.append(message)
        if self._needs_key:
            self._needs_key = False
            if not may(message.get("xi_api_key") or message.get("xi-api-key") or ""):
                await self.refuse("invalid_api_key", "Invalid API key")
                return False
        return await self._obey(message, tasks, workers)

    async def _obey(self, message: dict[str, Any], tasks: asyncio.TaskGroup, workers: list[asyncio.Task[None]]) -> bool:
        if message.get("close_socket"):
            await self._finish()
            return False
        name = message.get("context_id") or message.get("contextId")
        text = message.get("text")
        if name is None and text in ("", None):
            return True  # a keepalive
        name = str(name or "default")
        context = self._contexts.get(name)
        if message.get("close_context"):
            if context is not None:
                self._close_context(context)
            return True
        if context is None:
            if len(self._contexts) >= MAX_CONTEXTS:
                await self.refuse(
                    "max_active_conversations",
                    f"Maximum simultaneous contexts exceeded for this websocket connection ({MAX_CONTEXTS}). "
                    "Close a context with close_context before opening another.",
                )
                return False
            context = self._contexts[name] = _Context(name)
            workers.append(tasks.create_task(self._speak(context), name=f"elevenlabs-context-{name}"))
            workers[:] = [worker for worker in workers if not worker.done()]
        elif message.get("voice_settings"):
            await self.refuse(
                "invalid_voice_settings", "voice_settings can only be sent in the first message of a context"
            )
            return False
        self._take_text(context, str(text or ""), flush=bool(message.get("flush")))
        return True

    def _take_text(self, context: _Context, text: str, *, flush: bool) -> None:
        if context.closing:
            return
        self._record.texts[context.name] = self._record.texts.get(context.name, "") + text
        context.waiting += text
        needed = _SCHEDULE[min(context.generations, len(_SCHEDULE) - 1)]
        ready = self._settings.auto_mode or len(context.waiting) >= needed
        if (flush or ready) and context.waiting.strip():
            context.queue.put_nowait(context.waiting)
            context.waiting = ""
            context.generations += 1

    def _close_context(self, context: _Context) -> None:
        if context.closing:
            return
        if context.waiting.strip():
            context.queue.put_nowait(context.waiting)
        context.closing = True
        context.queue.put_nowait(None)

    async def _finish(self) -> None:
        """Say all that was asked for, then close."""
        for context in list(self._contexts.values()):
            self._close_context(context)
        while self._contexts and self._socket.is_open:  # noqa: ASYNC110 (short: the voice is faster than real time)
            await asyncio.sleep(0.01)
        await self._socket.close(1000)

    async def _speak(self, context: _Context) -> None:
        while (text := await context.queue.get()) is not None:
            await self._say(context.name, text)
        del self._contexts[context.name]
        await self._socket.send({"contextId": context.name, "isFinal": True})

    async def _say(self, name: str, text: str) -> None:
        clock = asyncio.get_running_loop().time
        due = clock() + self._dice.seconds("tts_first_chunk_ms")
        settings = self._settings
        spoken = await self._speaker.speak(text, voice=settings.voice, language=settings.language, form=settings.form)
        for piece in spoken.pieces():
            await asyncio.sleep(max(0.0, due - clock()))
            await self._socket.send(_message(name, piece, settings.form))
            due += len(piece.samples) / piece.rate * self._dice.profile.tts_realtime_factor


def _message(name: str, piece: Piece, form: str) -> dict[str, Any]:
    alignment = {
        "chars": [letter for letter, _, _ in piece.letters],
        "charStartTimesMs": [_ms(start - piece.start) for _, start, _ in piece.letters],
        "charDurationsMs": [max(0, round((end - start) * 1000)) for _, start, end in piece.letters],
    }
    audio = base64.b64encode(piece.encoded(form)).decode()
    shown = alignment if piece.letters else None
    return {"contextId": name, "audio": audio, "isFinal": None, "alignment": shown, "normalizedAlignment": shown}


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
