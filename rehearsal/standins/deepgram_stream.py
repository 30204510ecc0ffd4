"""One stream to the Deepgram stand-in, from its handshake to its end: Flux's and Nova's messages."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec

from rehearsal.standins.audio import Decoder
from rehearsal.standins.behaviour import FaultySocket
from rehearsal.standins.ear import Ear
from rehearsal.standins.flux import FluxTurns
from rehearsal.standins.nova import NovaResults
from rehearsal.standins.spectrum import RATE

_IDLE_SECONDS = 10.0  # v1 closes a stream that sends neither audio nor KeepAlive for so long


@dataclass
class Session:
    """A connection as it came, for assertions."""

    path: str
    query: dict[str, list[str]]
    controls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    audio_seconds: float = 0.0
    is_open: bool = True


class _Connection:
    """One stream: takes audio and control messages until either side ends it."""

    idle_seconds: ClassVar[float | None] = None

    def __init__(self, socket: FaultySocket, session: Session, decoder: Decoder, ear: Ear) -> None:
        self.socket = socket
        self.session = session
        self.ear = ear
        self._decoder = decoder

    async def run(self) -> None:
        """Serve until the stream ends."""
        await self.opened()
        while self.socket.is_open:
            try:
                async with asyncio.timeout(self.idle_seconds):
                    message = await self.socket.socket.receive()
            except TimeoutError:
                await self.socket.close(1011, "NET-0001: no audio data or KeepAlive within the timeout window")
                return
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            if data:
                await self._audio(data)
            elif message.get("text") is not None and not await self._control(message["text"]):
                return

    async def _audio(self, data: bytes) -> None:
        samples = self._decoder.decode(data)
        self.session.audio_seconds += len(samples) / RATE
        for _ in self.ear.hear(samples):
            for answer in self.tick():
                await self.socket.send(self.dressed(answer))

    async def _control(self, text: str) -> bool:
        """Obey a text message; False ends the connection."""
        try:
            message = msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError):
            message = {"type": None}
        self.session.controls.append(message)
        if message.get("type") == "CloseStream":
            for answer in self.last_words():
                await self.socket.send(self.dressed(answer))
            await self.socket.drain()
            await self.socket.close(1000)
            return False
        return await self.control(message, text)

    async def opened(self) -> None:
        """Say what the vendor says first."""

    def tick(self) -> list[dict[str, Any]]:
        """Answers after 20 ms of audio."""
        raise NotImplementedError

    def last_words(self) -> list[dict[str, Any]]:
        """Answers to CloseStream."""
        raise NotImplementedError

    async def control(self, message: dict[str, Any], text: str) -> bool:
        """Obey any other control message; False ends the connection."""
        raise NotImplementedError

    def dressed(self, message: dict[str, Any]) -> dict[str, Any]:
        """The message with what all messages of this stream carry."""
        raise NotImplementedError


class FluxConnection(_Connection):
    """A stream to /v2/listen."""

    def __init__(self, socket: FaultySocket, session: Session, decoder: Decoder, ear: Ear, turns: FluxTurns) -> None:
        super().__init__(socket, session, decoder, ear)
        self._turns = turns
        self._request_id = new_id()
        self._sequence = -1

    def dressed(self, message: dict[str, Any]) -> dict[str, Any]:
        self._sequence += 1
        return {**message, "request_id": self._request_id, "sequence_id": self._sequence}

    async def opened(self) -> None:
        await self.socket.send(self.dressed({"type": "Connected"}))

    def tick(self) -> list[dict[str, Any]]:
        return self._turns.tick()

    def last_words(self) -> list[dict[str, Any]]:
        return self._turns.force_end()

    async def control(self, message: dict[str, Any], text: str) -> bool:
        match message.get("type"):
            case "Configure":
                await self.socket.send(self.dressed(self._configure(message)))
            case "ForceEndTurn":
                for answer in self._turns.force_end():
                    await self.socket.send(self.dressed(answer))
            case _:
                error = {"code": "UNPARSABLE_CLIENT_MESSAGE", "description": f"Unable to parse {text[:80]!r}"}
                await self.socket.send(self.dressed({"type": "Error", **error}))
                await self.socket.close(1008, "UNPARSABLE_CLIENT_MESSAGE")
                return False
        return True

    def _configure(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            settings = self._turns.settings.configured(message)
        except (ValueError, TypeError) as error:
            code = "INVALID_CONFIGURATION"
            return {"type": "ConfigureFailure", "code": code, "error_code": code, "description": str(error)}
        self._turns.settings = settings
        thresholds = {
            "eot_threshold": settings.eot_threshold,
            "eager_eot_threshold": settings.eager_eot_threshold,
            "eot_timeout_ms": settings.eot_timeout_ms,
        }
        return {
            "type": "ConfigureSuccess",
            "thresholds": {name: value for name, value in thresholds.items() if value is not None},
            "keyterms": list(settings.keyterms),
            "language_hints": list(settings.language_hints),
        }


class NovaConnection(_Connection):
    """A stream to /v1/listen."""

    idle_seconds = _IDLE_SECONDS

    def __init__(
        self,
        socket: FaultySocket,
        session: Session,
        decoder: Decoder,
        ear: Ear,
        results: NovaResults,
        tasks: asyncio.TaskGroup,
    ) -> None:
        super().__init__(socket, session, decoder, ear)
        self._results = results
        self._tasks = tasks
        self._request_id = new_id()
        self._model = session.query.get("model", ["nova-3-general"])[0]

    def dressed(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["type"] != "Results":
            return message
        return {
            **message,
            "metadata": {
                "request_id": self._request_id,
                "model_info": {"name": self._model, "version": "2024-12-20.0", "arch": "nova-3"},
                "model_uuid": "40bd3654-e622-47c4-a111-63a61b23bfe8",
            },
        }

    def tick(self) -> list[dict[str, Any]]:
        return self._results.tick()

    def last_words(self) -> list[dict[str, Any]]:
        metadata = {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self._request_id,
            "sha256": hashlib.sha256(self._request_id.encode()).hexdigest(),
            "created": now_iso(),
            "duration": round(self.session.audio_seconds, 3),
            "channels": 1,
        }
        return [*self._results.close(), metadata]

    async def control(self, message: dict[str, Any], text: str) -> bool:
        match message.get("type"):
            case "KeepAlive":
                pass
            case "Finalize":
                self._tasks.create_task(self._finalize(self._results.finalize_after_ms() / 1000))
            case _:
                description = "The server could not parse the client's message"
                error = {"type": "Error", "variant": "SchemaError", "description": description, "message": text[:200]}
                await self.socket.send(error)
        return True

    async def _finalize(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.socket.send(self.dressed(self._results.finalize()))


def new_id() -> str:
    """A request id as Deepgram writes it."""
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"


def now_iso() -> str:
    """This moment in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
