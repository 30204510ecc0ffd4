"""Deepgram's recognition: Flux, which tells turns apart itself, and Nova, for which we do. The model's name decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import httpx
from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment
from deepgram.core.api_error import ApiError
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.stt_service import STTService
from pipecat.transcriptions.language import Language
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from bot.playbook import Playbook
from bot.settings import AnyOrigin, Section, Settings, setting
from pipelines.connecting import EarlyHearing
from pipelines.flux import EAGER_THRESHOLD, FluxRecognition
from pipelines.line import LINE_SAMPLE_RATE
from pipelines.provider import Check, Provider, ProviderKind


class DeepgramSection(Section):
    """Recognition."""

    prefix: ClassVar[str] = "DEEPGRAM_"
    api_key: SecretStr | None = setting(means="key of the recogniser", expects="the project's API key")
    url: AnyOrigin = setting("wss://api.deepgram.com", means="recogniser", expects="ws(s) or http(s)://host[:port]")
    model: str = setting("flux-general-multi", means="recognition model", expects="flux-… or nova-…")

    @property
    def key(self) -> str:
        """The key in the clear, empty where none is set."""
        return self.api_key.get_secret_value() if self.api_key else ""

    @property
    def is_flux(self) -> bool:
        """Whether the model is one of /v2/listen."""
        return self.model.startswith("flux-")

    @property
    def ws_origin(self) -> str:
        """The origin for sockets."""
        return self.url.replace("http", "ws", 1) if self.url.startswith("http") else self.url

    @property
    def http_origin(self) -> str:
        """The origin for requests."""
        return self.url if self.url.startswith("http") else self.url.replace("ws", "http", 1)


class NovaRecognition(EarlyHearing, DeepgramSTTService):
    """Nova, whose socket opens behind the greeting."""

    def _is_connected(self) -> bool:
        return self._connection is not None


class DeepgramRecogniser:
    """Deepgram for all calls; each call has a socket of its own."""

    call_limit: int | None = None

    def __init__(self, section: DeepgramSection, languages: tuple[str, ...]) -> None:
        self.tells_turns = section.is_flux
        self._section = section
        self._languages = [Language(language) for language in languages]

    def service(self, *, language: str) -> STTService:
        """The recogniser of one call. Nova hears all languages at once where the playbook has several."""
        return self._flux() if self._section.is_flux else self._nova()

    def _flux(self) -> FluxRecognition:
        hints = self._languages if self._section.model == "flux-general-multi" else None
        return FluxRecognition(
            api_key=self._section.key,
            url=f"{self._section.ws_origin}/v2/listen",
            sample_rate=LINE_SAMPLE_RATE,
            audio_passthrough=False,
            settings=DeepgramFluxSTTService.Settings(
                model=self._section.model, language_hints=hints, eager_eot_threshold=EAGER_THRESHOLD
            ),
        )

    def _nova(self) -> NovaRecognition:
        language = self._languages[0] if len(self._languages) == 1 else "multi"
        return NovaRecognition(
            api_key=self._section.key,
            base_url=self._section.ws_origin,
            sample_rate=LINE_SAMPLE_RATE,
            audio_passthrough=False,
            settings=DeepgramSTTService.Settings(model=self._section.model, language=language),
        )


@asynccontextmanager
async def _open(settings: Settings, playbook: Playbook) -> AsyncIterator[DeepgramRecogniser]:
    yield DeepgramRecogniser(settings.section(DeepgramSection), playbook.languages)


async def _check(settings: Settings, playbook: Playbook, kind: ProviderKind) -> Check:
    section = settings.section(DeepgramSection)
    name = f"{kind} deepgram ({section.model})"
    try:
        await (_listen_flux(section) if section.is_flux else _listen_nova(section))
    except InvalidStatus as error:
        return _refused(name, section, error.response.status_code)
    except ApiError as error:
        return _refused(name, section, error.status_code or 0)
    except (OSError, WebSocketException, httpx.TransportError, asyncio.IncompleteReadError):
        return Check(name=name, ok=False, detail=f"no connection to {section.url}", fix="check DEEPGRAM_URL")
    return Check(name=name, ok=True, detail=f"listens at {section.url}")


def _refused(name: str, section: DeepgramSection, status: int) -> Check:
    fix = {401: "check DEEPGRAM_API_KEY", 403: "check DEEPGRAM_API_KEY", 400: "check DEEPGRAM_MODEL"}
    return Check(
        name=name,
        ok=False,
        detail=f"{section.url} answered {status}",
        fix=fix.get(status, "check DEEPGRAM_URL and the provider's status page"),
    )


async def _listen_flux(section: DeepgramSection) -> None:
    query = f"model={section.model}&encoding=linear16&sample_rate={LINE_SAMPLE_RATE}"
    async with connect(
        f"{section.ws_origin}/v2/listen?{query}", additional_headers={"Authorization": f"Token {section.key}"}
    ) as socket:
        await socket.recv()
        await socket.send('{"type":"CloseStream"}')


async def _listen_nova(section: DeepgramSection) -> None:
    environment = DeepgramClientEnvironment(
        base=section.http_origin,
        production=section.ws_origin,
        agent=section.ws_origin,
        agent_rest=section.http_origin,
    )
    client = AsyncDeepgramClient(api_key=section.key, environment=environment)
    async with client.listen.v1.connect(
        model=section.model, encoding="linear16", sample_rate=LINE_SAMPLE_RATE
    ) as socket:
        await socket.send_close_stream()


PROVIDER = Provider(
    chosen_by="DEEPGRAM_API_KEY",
    configured=lambda settings: settings.section(DeepgramSection).api_key is not None,
    check=_check,
    stt=_open,
)
