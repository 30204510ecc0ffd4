"""ElevenLabs' voices: the multi-context WebSocket for calls, the SDK's HTTP client for checks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import httpx
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from pipecat.frames.frames import Frame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService
from pydantic import SecretStr

from bot.playbook import Playbook
from bot.settings import HttpOrigin, Section, Settings, setting
from pipelines.connecting import BackgroundConnect, ShortConnect
from pipelines.elevenlabs_socket import open_elevenlabs_socket, speed_of
from pipelines.frames import PlanFrame, WordTimesFrame
from pipelines.goodbye import ShortGoodbye
from pipelines.line import LINE_SAMPLE_RATE
from pipelines.provider import Check, Provider, ProviderKind, Synthesiser

_SILENT_CONTEXT_SECONDS = 2.0


class ElevenLabsSection(Section):
    """The voice."""

    prefix: ClassVar[str] = "ELEVENLABS_"
    api_key: SecretStr | None = setting(means="key of the voice provider", expects="the account's API key")
    url: HttpOrigin = setting("https://api.elevenlabs.io", means="voice provider", expects="http(s)://host[:port]")
    voice_id: str = setting("EXAVITQu4vr4xnSDxMaL", means="the voice", expects="a voice's ID")
    model: str = setting("eleven_flash_v2_5", means="synthesis model", expects="a model's name")

    @property
    def key(self) -> str:
        """The key in the clear, empty where none is set."""
        return self.api_key.get_secret_value() if self.api_key else ""

    @property
    def ws_origin(self) -> str:
        """The origin for sockets."""
        return "ws" + self.url.removeprefix("http")


class ElevenLabsSpeech(BackgroundConnect, ShortGoodbye, ShortConnect, ElevenLabsTTSService):
    """ElevenLabs at the line's rate, at each plan's pace, whose word times travel with the audio."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Plans tell the pace of the words that follow; no context is open then, so none is cut off."""
        if isinstance(frame, PlanFrame):
            speed = speed_of(frame.plan.state.delivery.pace)
            if speed != (self._settings.speed or 1.0):
                await self._update_settings(self.Settings(speed=speed))
        await super().process_frame(frame, direction)

    async def add_word_timestamps(
        self,
        word_times: list[tuple[str, float]],
        context_id: str | None = None,
        includes_inter_frame_spaces: bool | None = None,
        pre_merge_tokens: Any = None,
    ) -> None:
        """Hand word times (seconds from the context's first sample) on, in order with the audio they belong to."""
        if context_id is not None:
            await self.append_to_audio_context(
                context_id, WordTimesFrame(context_id=context_id, words=tuple(word_times))
            )


class ElevenLabsVoice:
    """ElevenLabs for all calls; each call has a socket of its own."""

    def __init__(self, section: ElevenLabsSection) -> None:
        self._section = section

    @property
    def identity(self) -> str:
        """The origin is part of it: a stand-in's sound is not the vendor's."""
        return f"elevenlabs {self._section.url} {self._section.voice_id} {self._section.model}"

    def service(self, *, language: str) -> ElevenLabsSpeech:
        """The voice of one call; the model follows the language of the words."""
        section = self._section
        return ElevenLabsSpeech(
            api_key=section.key,
            url=section.ws_origin,
            sample_rate=LINE_SAMPLE_RATE,
            stop_frame_timeout_s=_SILENT_CONTEXT_SECONDS,
            settings=ElevenLabsTTSService.Settings(voice=section.voice_id, model=section.model),
        )

    @asynccontextmanager
    async def synthesis(self) -> AsyncGenerator[Synthesiser]:
        """A socket of its own, asking for what calls ask for."""
        section = self._section
        address = (
            f"{section.ws_origin}/v1/text-to-speech/{section.voice_id}/multi-stream-input"
            f"?model_id={section.model}&output_format=pcm_{LINE_SAMPLE_RATE}&auto_mode=true"
        )
        async with open_elevenlabs_socket(address, key=section.key) as socket:
            yield socket.speak


@asynccontextmanager
async def _open(settings: Settings, playbook: Playbook) -> AsyncIterator[ElevenLabsVoice]:
    yield ElevenLabsVoice(settings.section(ElevenLabsSection))


async def _check(settings: Settings, playbook: Playbook, kind: ProviderKind) -> Check:
    section = settings.section(ElevenLabsSection)
    name = f"{kind} elevenlabs ({section.model})"
    async with httpx.AsyncClient(timeout=5.0) as http:
        client = AsyncElevenLabs(
            api_key=section.key,
            base_url=section.url,
            httpx_client=http,
        )
        try:
            size = 0
            async for chunk in client.text_to_speech.stream(
                section.voice_id, text="Ready.", model_id=section.model, output_format="pcm_8000"
            ):
                size += len(chunk)
        except ApiError as error:
            fixes = {401: "check ELEVENLABS_API_KEY", 404: "check ELEVENLABS_VOICE_ID"}
            fix = fixes.get(error.status_code or 0, "see the provider's status page")
            return Check(name=name, ok=False, detail=f"{section.url} answered {error.status_code}", fix=fix)
        except httpx.TransportError:
            return Check(name=name, ok=False, detail=f"no connection to {section.url}", fix="check ELEVENLABS_URL")
    if size == 0:
        return Check(name=name, ok=False, detail="answered without audio", fix="check ELEVENLABS_VOICE_ID")
    return Check(name=name, ok=True, detail=f"speaks at {section.url}")


PROVIDER = Provider(
    chosen_by="ELEVENLABS_API_KEY",
    configured=lambda settings: settings.section(ElevenLabsSection).api_key is not None,
    check=_check,
    tts=_open,
)
