"""Stand-in of Deepgram: Flux (`/v2/listen`), Nova (`/v1/listen`, streaming and prerecorded), and doctor's requests.

It knows the callers' clips by their sound alone; see `clips` and `ear`.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from rehearsal.standins.audio import Decoder, read_sound
from rehearsal.standins.behaviour import FaultySocket, control_routes, faulty
from rehearsal.standins.clips import ClipBook, Word
from rehearsal.standins.deepgram_stream import FluxConnection, NovaConnection, Session, new_id, now_iso
from rehearsal.standins.ear import Ear
from rehearsal.standins.flux import FluxSettings, FluxTurns, languages_of
from rehearsal.standins.nova import NovaResults, NovaSettings, alternative
from rehearsal.standins.profile import Dice, FaultScript, LatencyProfile
from rehearsal.standins.spectrum import RATE, Samples

_KEPT_SESSIONS = 1000
_ERRORS = {
    400: ("Bad Request", "The request is not valid."),
    401: ("INVALID_AUTH", "Invalid credentials."),
    402: ("ASR_PAYMENT_REQUIRED", "Project does not have enough credits for an ASR request."),
    403: ("INSUFFICIENT_PERMISSIONS", "Project does not have access to the requested model."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later"),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    503: ("SERVICE_UNAVAILABLE", "The server is currently unable to handle the request."),
}


class DeepgramStandin:
    """Hears the clips of a book in what it is sent.

    Args:
        book: the clips it knows; more may be added while it runs.
        profile: how fast.
        keys: accepted API keys; None accepts any that is not empty.
        unknown_transcript: what it makes of speech that it does not know; empty: nothing.
        seed: of the latency draws.
    """

    name = "deepgram"

    def __init__(
        self,
        *,
        book: ClipBook | None = None,
        profile: LatencyProfile | None = None,
        keys: frozenset[str] | None = None,
        unknown_transcript: str = "",
        seed: int = 0,
    ) -> None:
        self.book = book if book is not None else ClipBook()
        profile = profile or LatencyProfile()
        self.faults = FaultScript(share=profile.fault_share, seed=seed)
        self.sessions: collections.deque[Session] = collections.deque(maxlen=_KEPT_SESSIONS)
        self.unknown_transcript = unknown_transcript
        self._dice = Dice(profile, seed=seed)
        self._keys = keys
        self.app = Starlette(
            routes=[
                WebSocketRoute("/v2/listen", self._flux),
                WebSocketRoute("/v1/listen", self._nova),
                Route("/v1/listen", faulty(self.faults, _error, self._prerecorded), methods=["POST"]),
                Route("/v1/projects", faulty(self.faults, _error, self._projects)),
                Route("/v1/auth/token", faulty(self.faults, _error, self._token)),
                Route("/_standin/clips", self._add_clip, methods=["POST"]),
                *control_routes(self.faults),
            ]
        )

    # -- doors ---------------------------------------------------------------------------------------------------

    def _may(self, headers: Headers) -> bool:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if not key:
            scheme, _, key = (part.strip() for part in headers.get("sec-websocket-protocol", "").partition(","))
        return scheme.lower() in ("token", "bearer") and bool(key) and (self._keys is None or key in self._keys)

    @contextlib.asynccontextmanager
    async def _accepted(self, websocket: WebSocket, problem: str | None) -> AsyncIterator[tuple[FaultySocket, Session]]:
        """Accept or refuse a handshake; the block runs only for an accepted one.

        Raises:
            _Refused: the handshake was refused; the caller's `suppress` ends the handler.
        """
        socket = FaultySocket(websocket, self.faults)
        status = socket.refusal or (401 if not self._may(websocket.headers) else 400 if problem else None)
        if status is not None:
            await websocket.send_denial_response(_error(status, problem if status == 400 else None))
            raise _Refused
        session = Session(websocket.url.path, _multi(websocket.query_params))
        self.sessions.append(session)
        await websocket.accept(headers=[(b"dg-request-id", secrets.token_hex(16).encode())])
        late = asyncio.create_task(socket.deliver_late(), name="deepgram-late")
        try:
            yield socket, session
            await socket.drain()
        finally:
            session.is_open = False
            late.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await late

    # -- Flux ----------------------------------------------------------------------------------------------------

    async def _flux(self, websocket: WebSocket) -> None:
        query = websocket.query_params
        problem, decoder, settings = None, None, FluxSettings()
        try:
            settings = _flux_settings(query)
            decoder = Decoder(query.get("encoding", "linear16"), int(query.get("sample_rate", "16000")))
        except ValueError as error:
            problem = str(error)
        with contextlib.suppress(_Refused):
            async with self._accepted(websocket, problem) as (socket, session):
                assert decoder is not None  # noqa: S101 (a problem was refused above)
                ear = Ear(self.book)
                turns = FluxTurns(ear, self._dice, settings, unknown_transcript=self.unknown_transcript)
                await FluxConnection(socket, session, decoder, ear, turns).run()

    # -- Nova ----------------------------------------------------------------------------------------------------

    async def _nova(self, websocket: WebSocket) -> None:
        query = websocket.query_params
        problem, decoder, settings = None, None, NovaSettings()
        try:
            if query.get("model", "").startswith("flux"):
                raise ValueError("No such model/version combination found: Flux models need /v2/listen")
            settings = NovaSettings.parse(query)
            decoder = Decoder(query.get("encoding", "linear16"), int(query.get("sample_rate", "8000")))
        except ValueError as error:
            problem = str(error)
        with contextlib.suppress(_Refused):
            async with self._accepted(websocket, problem) as (socket, session):
                assert decoder is not None  # noqa: S101 (a problem was refused above)
                ear = Ear(self.book)
                results = NovaResults(ear, self._dice, settings)
                async with asyncio.TaskGroup() as tasks:
                    connection = NovaConnection(socket, session, decoder, ear, results, tasks)
                    await connection.run()

    # -- HTTP ----------------------------------------------------------------------------------------------------

    async def _prerecorded(self, request: Request) -> Response:
        if not self._may(request.headers):
            return _error(401)
        body = await request.body()
        try:
            samples = await asyncio.to_thread(_recording, body, request.query_params)
        except ValueError as error:
            return _error(400, str(error))
        await asyncio.sleep(self._dice.seconds("prerecorded_ms"))
        words = await asyncio.to_thread(_all_words, self.book, samples)
        if not words and self.unknown_transcript:
            words = [Word(text, 0.0, len(samples) / RATE) for text in self.unknown_transcript.split()]
        return JSONResponse(_prerecorded_answer(body, samples, words, request.query_params))

    async def _projects(self, request: Request) -> Response:
        if not self._may(request.headers):
            return _error(401)
        return JSONResponse({"projects": [{"project_id": "standin-project", "name": "Stand-in"}]})

    async def _token(self, request: Request) -> Response:
        if not self._may(request.headers):
            return _error(401)
        return JSONResponse({"api_key_id": "standin", "scopes": ["member"], "created": "2024-01-01T00:00:00Z"})

    async def _add_clip(self, request: Request) -> Response:
        """Register a clip from another process: a sound file as the body, its words in the query."""
        try:
            samples = read_sound(await request.body())
            transcript = request.query_params.get("transcript", "")
            self.book.add(samples, transcript, language=request.query_params.get("language", "en"))
        except ValueError as error:
            return _error(400, str(error))
        return Response(status_code=204)


class _Refused(Exception):
    """A handshake was refused; nothing more to do."""


def _flux_settings(query: QueryParams) -> FluxSettings:
    model = query.get("model", "")
    if not model.startswith("flux-"):
        raise ValueError(f"No such model for /v2/listen: {model!r}; expected flux-general-en or flux-general-multi")
    eager = query.get("eager_eot_threshold")
    return FluxSettings(
        eot_threshold=float(query.get("eot_threshold", "0.7")),
        eager_eot_threshold=float(eager) if eager else None,
        eot_timeout_ms=float(query.get("eot_timeout_ms", "5000")),
        keyterms=tuple(query.getlist("keyterm")),
        language_hints=tuple(query.getlist("language_hint")),
        multilingual=model == "flux-general-multi",
    ).checked()


def _multi(query: QueryParams) -> dict[str, list[str]]:
    return {name: query.getlist(name) for name in query}


def _recording(body: bytes, query: QueryParams) -> Samples:
    return read_sound(body, encoding=query.get("encoding"), sample_rate=int(query.get("sample_rate", "8000")))


def _all_words(book: ClipBook, samples: Samples) -> list[Word]:
    """All known words in a recording; each pause of a second begins anew."""
    ear = Ear(book)
    words: list[Word] = []
    for _ in ear.hear(np.concatenate([samples, np.zeros(2 * RATE, np.int16)])):
        last = ear.last_speech
        if last is not None and ear.now - last > 1.0 and not ear.unfinished:
            words.extend(ear.words())
            ear.begin_turn()
    return words


def _prerecorded_answer(body: bytes, samples: Samples, words: list[Word], query: QueryParams) -> dict[str, Any]:
    punctuate = query.get("punctuate") == "true" or query.get("smart_format") == "true"
    channel: dict[str, Any] = {
        "alternatives": [alternative(words, punctuate=punctuate, multi=query.get("language") == "multi")]
    }
    if query.get("detect_language") == "true":
        channel["detected_language"] = (languages_of(words) or ["en"])[0]
        channel["language_confidence"] = 0.99 if words else 0.3
    model = {"name": "general-nova-3", "version": "2024-12-20.0", "arch": "nova-3"}
    return {
        "metadata": {
            "transaction_key": "deprecated",
            "request_id": new_id(),
            "sha256": hashlib.sha256(body).hexdigest(),
            "created": now_iso(),
            "duration": round(len(samples) / RATE, 4),
            "channels": 1,
            "models": ["40bd3654-e622-47c4-a111-63a61b23bfe8"],
            "model_info": {"40bd3654-e622-47c4-a111-63a61b23bfe8": model},
        },
        "results": {"channels": [channel]},
    }


def _error(status: int, message: str | None = None) -> Response:
    code, default = _ERRORS.get(status, ("ERROR", f"HTTP {status}"))
    text = message or default
    request_id = new_id()
    body = {"err_code": code, "err_msg": text, "request_id": request_id}
    headers = {"dg-error": text.encode("ascii", "replace").decode(), "dg-request-id": request_id}
    if status == 429:
        headers["retry-after"] = "1"
    return JSONResponse(body, status_code=status, headers=headers)
