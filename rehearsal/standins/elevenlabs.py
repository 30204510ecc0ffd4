"""Stand-in of ElevenLabs: the multi-context WebSocket, speech over HTTP, and doctor's requests."""

from __future__ import annotations

import asyncio
import base64
import collections
import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from rehearsal.standins.audio import encode, rate_of
from rehearsal.standins.behaviour import FaultySocket, control_routes, faulty
from rehearsal.standins.elevenlabs_stream import StreamRecord, StreamSettings, VoiceStream
from rehearsal.standins.profile import Dice, FaultScript, LatencyProfile
from rehearsal.standins.speech import Speaker, Utterance

_encode = msgspec.json.Encoder().encode
_KEPT = 1000
_MODELS = ("eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_multilingual_v2", "eleven_flash_v2", "eleven_v3")
_MEDIA_TYPES = {"mp3": "audio/mpeg", "pcm": "audio/pcm", "ulaw": "audio/basic", "opus": "audio/ogg", "wav": "audio/wav"}
_STREAM_BYTES = 4096
_ERRORS = {
    400: ("invalid_request", "The request is not valid."),
    401: ("invalid_api_key", "Invalid API key"),
    404: ("voice_not_found", "A voice with that voice_id was not found."),
    422: ("invalid_text", "The text is not valid."),
    429: ("too_many_concurrent_requests", "Too many concurrent requests. Your current subscription allows fewer."),
    500: ("internal_server_error", "An internal error occurred."),
    503: ("system_busy", "We are currently experiencing high traffic, please try again."),
}


class ElevenLabsStandin:
    """Speaks with flite or espeak-ng in the vendor's protocol.

    Args:
        profile: how fast.
        keys: accepted API keys; None accepts any that is not empty.
        voices: ids that exist; None lets every voice exist.
        seed: of the latency draws.
    """

    name = "elevenlabs"

    def __init__(
        self,
        *,
        profile: LatencyProfile | None = None,
        keys: frozenset[str] | None = None,
        voices: frozenset[str] | None = None,
        seed: int = 0,
    ) -> None:
        profile = profile or LatencyProfile()
        self.faults = FaultScript(share=profile.fault_share, seed=seed)
        self.streams: collections.deque[StreamRecord] = collections.deque(maxlen=_KEPT)
        self.texts: collections.deque[str] = collections.deque(maxlen=_KEPT)
        self._speaker = Speaker()
        self._dice = Dice(profile, seed=seed)
        self._keys = keys
        self._voices = voices

        def http(path: str, handler: Any, method: str = "GET") -> Route:
            return Route(path, faulty(self.faults, _error, handler), methods=[method])

        speech = "/v1/text-to-speech/{voice}"
        self.app = Starlette(
            routes=[
                WebSocketRoute(f"{speech}/multi-stream-input", self._stream),
                http(speech, self._whole, "POST"),
                http(f"{speech}/stream", self._streamed, "POST"),
                http(f"{speech}/with-timestamps", self._whole_timed, "POST"),
                http(f"{speech}/stream/with-timestamps", self._streamed_timed, "POST"),
                http("/v1/voices", self._list_voices),
                http("/v1/voices/{voice}", self._show_voice),
                http("/v1/user", self._user),
                http("/v1/user/subscription", self._subscription),
                http("/v1/models", self._models),
                Route("/_standin/spoken", self._spoken_so_far),
                *control_routes(self.faults),
            ]
        )

    def _may(self, key: str) -> bool:
        return bool(key) and (self._keys is None or key in self._keys)

    def _has_voice(self, voice: str) -> bool:
        return self._voices is None or voice in self._voices

    # -- WebSocket -----------------------------------------------------------------------------------------------

    async def _stream(self, websocket: WebSocket) -> None:
        socket = FaultySocket(websocket, self.faults)
        if socket.refusal is not None:
            await websocket.send_denial_response(_error(socket.refusal))
            return
        await websocket.accept()
        record = StreamRecord(_stream_settings(websocket))
        self.streams.append(record)
        key = websocket.headers.get("xi-api-key")
        stream = VoiceStream(socket, record, self._speaker, self._dice, needs_key=key is None)
        late = asyncio.create_task(socket.deliver_late(), name="elevenlabs-late")
        try:
            problem = self._stream_problem(websocket, key)
            if problem:
                await stream.refuse(*problem)
            else:
                await stream.run(self._may)
            await socket.drain()
        finally:
            record.is_open = False
            late.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await late

    def _stream_problem(self, websocket: WebSocket, key: str | None) -> tuple[str, str] | None:
        """Why this connection is closed at once: the vendor's error and message."""
        if key is not None and not self._may(key):
            return "invalid_api_key", "Invalid API key"
        voice = websocket.path_params["voice"]
        if not self._has_voice(voice):
            return "voice_id_does_not_exist", f"A voice with voice_id '{voice}' does not exist."
        model = websocket.query_params.get("model_id", _MODELS[0])
        if model not in _MODELS:
            return "model_not_found", f"A model with model ID {model} does not exist."
        form = websocket.query_params.get("output_format", "mp3_44100_128")
        try:
            rate_of(form)
        except ValueError:
            return "output_format_not_allowed", f"The output format {form} is not supported."
        return None

    # -- HTTP ----------------------------------------------------------------------------------------------------

    async def _spoken(self, request: Request) -> tuple[Utterance, str] | Response:
        """The utterance that a request asks for and its format, or the vendor's refusal."""
        if not self._may(request.headers.get("xi-api-key", "")):
            return _error(401)
        voice = request.path_params["voice"]
        if not self._has_voice(voice):
            return _error(404, f"A voice with the voice_id {voice} was not found.")
        try:
            body = msgspec.json.decode(await request.body(), type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError):
            return _error(422, "The body must be a JSON object.")
        text = body.get("text")
        if not isinstance(text, str) or not text.strip():
            return _error(422, "Input text is empty.")
        form = request.query_params.get("output_format", "mp3_44100_128")
        self.texts.append(text)
        try:
            spoken = await self._speaker.speak(text, voice=voice, language=body.get("language_code"), form=form)
        except ValueError as error:
            return _error(422, str(error))
        await asyncio.sleep(self._dice.seconds("tts_first_chunk_ms"))
        return spoken, form

    async def _whole(self, request: Request) -> Response:
        spoken = await self._spoken(request)
        if isinstance(spoken, Response):
            return spoken
        utterance, form = spoken
        await asyncio.sleep(utterance.seconds * self._dice.profile.tts_realtime_factor)
        return Response(await asyncio.to_thread(encode, utterance.samples, form), media_type=_media_type(form))

    async def _streamed(self, request: Request) -> Response:
        spoken = await self._spoken(request)
        if isinstance(spoken, Response):
            return spoken
        utterance, form = spoken
        data = await asyncio.to_thread(encode, utterance.samples, form)

        async def parts() -> AsyncIterator[bytes]:
            pause = utterance.seconds * self._dice.profile.tts_realtime_factor * _STREAM_BYTES / max(1, len(data))
            for start in range(0, len(data), _STREAM_BYTES):
                yield data[start : start + _STREAM_BYTES]
                await asyncio.sleep(pause)

        return StreamingResponse(parts(), media_type=_media_type(form))

    async def _whole_timed(self, request: Request) -> Response:
        spoken = await self._spoken(request)
        if isinstance(spoken, Response):
            return spoken
        utterance, form = spoken
        data = await asyncio.to_thread(encode, utterance.samples, form)
        return JSONResponse(_timed(data, utterance.letters))

    async def _streamed_timed(self, request: Request) -> Response:
        spoken = await self._spoken(request)
        if isinstance(spoken, Response):
            return spoken
        utterance, form = spoken

        async def lines() -> AsyncIterator[bytes]:
            for piece in utterance.pieces():
                yield _encode(_timed(piece.encoded(form), piece.letters)) + b"\n"
                await asyncio.sleep(len(piece.samples) / piece.rate * self._dice.profile.tts_realtime_factor)

        return StreamingResponse(lines(), media_type="application/json")

    async def _spoken_so_far(self, _: Request) -> Response:
        """All it has spoken, for another process that wants to know the sound again."""
        return JSONResponse([asdict(spoken) for spoken in self._speaker.log])

    # -- doctor --------------------------------------------------------------------------------------------------

    async def _list_voices(self, request: Request) -> Response:
        if not self._may(request.headers.get("xi-api-key", "")):
            return _error(401)
        return JSONResponse({"voices": [_voice(name) for name in sorted(self._voices or {"21m00Tcm4TlvDq8ikWAM"})]})

    async def _show_voice(self, request: Request) -> Response:
        if not self._may(request.headers.get("xi-api-key", "")):
            return _error(401)
        voice = request.path_params["voice"]
        return JSONResponse(_voice(voice)) if self._has_voice(voice) else _error(404)

    async def _models(self, request: Request) -> Response:
        if not self._may(request.headers.get("xi-api-key", "")):
            return _error(401)
        languages = [{"language_id": "en", "name": "English"}, {"language_id": "es", "name": "Spanish"}]
        models = [
            {"model_id": name, "name": name, "can_do_text_to_speech": True, "languages": languages} for name in _MODELS
        ]
        return Response(_encode(models), media_type="application/json")

    async def _subscription(self, request: Request) -> Response:
        if not self._may(request.headers.get("xi-api-key", "")):
            return _error(401)
        return JSONResponse(_SUBSCRIPTION)

    async def _user(self, request: Request) -> Response:
        if not self._may(request.headers.get("xi-api-key", "")):
            return _error(401)
        return JSONResponse(
            {
                "user_id": "standin",
                "workspace_id": "standin",
                "subscription": _SUBSCRIPTION,
                "is_new_user": False,
                "can_use_delayed_payment_methods": False,
                "is_onboarding_completed": True,
                "is_onboarding_checklist_completed": True,
                "created_at": 1_700_000_000,
                "seat_type": "workspace_admin",
            }
        )


_SUBSCRIPTION: dict[str, Any] = {
    "tier": "creator",
    "character_count": 1000,
    "character_limit": 100_000,
    "max_credit_limit_extension": 0,
    "can_extend_character_limit": False,
    "allowed_to_extend_character_limit": False,
    "voice_slots_used": 1,
    "professional_voice_slots_used": 0,
    "professional_voice_slots_used_in_workspace": 0,
    "voice_limit": 30,
    "voice_add_edit_counter": 0,
    "professional_voice_limit": 1,
    "can_extend_voice_limit": False,
    "can_use_instant_voice_cloning": True,
    "can_use_professional_voice_cloning": True,
    "current_overage": {"amount": "0", "currency": "usd"},
    "status": "active",
    "open_invoices": [],
    "has_open_invoices": False,
}


def _stream_settings(websocket: WebSocket) -> StreamSettings:
    query = websocket.query_params
    try:
        inactivity = min(180.0, max(1.0, float(query.get("inactivity_timeout", "20"))))
    except ValueError:
        inactivity = 20.0
    return StreamSettings(
        voice=websocket.path_params["voice"],
        form=query.get("output_format", "mp3_44100_128"),
        auto_mode=query.get("auto_mode") == "true",
        language=query.get("language_code"),
        inactivity_seconds=inactivity,
    )


def _timed(data: bytes, letters: tuple[tuple[str, float, float], ...]) -> dict[str, Any]:
    alignment = {
        "characters": [letter for letter, _, _ in letters],
        "character_start_times_seconds": [round(start, 3) for _, start, _ in letters],
        "character_end_times_seconds": [round(end, 3) for _, _, end in letters],
    }
    shown = alignment if letters else None
    return {"audio_base64": base64.b64encode(data).decode(), "alignment": shown, "normalized_alignment": shown}


def _voice(voice_id: str) -> dict[str, Any]:
    return {
        "voice_id": voice_id,
        "name": "Stand-in",
        "category": "premade",
        "labels": {"accent": "american"},
        "available_for_tiers": [],
        "settings": None,
    }


def _media_type(form: str) -> str:
    return _MEDIA_TYPES[form.partition("_")[0]]


def _error(status: int, message: str | None = None) -> Response:
    code, default = _ERRORS.get(status, ("error", f"HTTP {status}"))
    headers = {"retry-after": "1"} if status == 429 else None
    return JSONResponse({"detail": {"status": code, "message": message or default}}, status, headers=headers)
