"""Whisper on this machine, for English and Spanish: the extra `ngx-voice[local]`. Fetches its model at first use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import ClassVar

from pipecat.services.stt_service import STTService
from pipecat.transcriptions.language import Language

from bot.playbook import Playbook
from bot.settings import Section, Settings, setting
from pipelines.line import LINE_SAMPLE_RATE
from pipelines.provider import Check, Provider, ProviderError, ProviderKind

_MISSING = "Whisper is not installed: pip install 'ngx-voice[local]'"


class WhisperSection(Section):
    """Local recognition."""

    prefix: ClassVar[str] = "WHISPER_"
    model: str = setting("small", means="Whisper model", expects="a size such as small, or a folder with a model")
    device: str = setting("cpu", means="where Whisper runs", expects="cpu or cuda")
    calls: int = setting(1, means="calls at once that Whisper can follow here", expects="a whole number from 1")


class WhisperRecogniser:
    """Whisper for a few calls; each has a model of its own, as pipecat builds it."""

    tells_turns = False

    def __init__(self, section: WhisperSection) -> None:
        self._section = section

    @property
    def call_limit(self) -> int | None:
        """What the machine can follow."""
        return self._section.calls

    def service(self, *, language: str) -> STTService:
        """The recogniser of one call."""
        from pipecat.services.whisper.stt import WhisperSTTService

        return WhisperSTTService(
            device=self._section.device,
            compute_type="int8",
            sample_rate=LINE_SAMPLE_RATE,
            audio_passthrough=False,
            settings=WhisperSTTService.Settings(model=self._section.model, language=Language(language)),
        )


@asynccontextmanager
async def _open(settings: Settings, playbook: Playbook) -> AsyncIterator[WhisperRecogniser]:
    if find_spec("faster_whisper") is None:
        raise ProviderError(_MISSING)
    recogniser = WhisperRecogniser(settings.section(WhisperSection))
    # Loading is slow and may fetch the model: better before the first call than in it.
    await asyncio.to_thread(_load, settings.section(WhisperSection))
    yield recogniser


def _load(section: WhisperSection) -> None:
    from faster_whisper import WhisperModel  # pyright: ignore[reportMissingImports]

    try:
        WhisperModel(section.model, device=section.device, compute_type="int8")
    except (OSError, RuntimeError, ValueError) as error:
        raise ProviderError(f"WHISPER_MODEL={section.model}: the model cannot be loaded: {error}") from error


async def _check(settings: Settings, playbook: Playbook, kind: ProviderKind) -> Check:
    section = settings.section(WhisperSection)
    name = f"{kind} whisper ({section.model})"
    if find_spec("faster_whisper") is None:
        return Check(name=name, ok=False, detail="not installed", fix="pip install 'ngx-voice[local]'")
    try:
        await asyncio.to_thread(_load, section)
    except ProviderError as error:
        return Check(name=name, ok=False, detail=str(error), fix="check WHISPER_MODEL and the network")
    return Check(name=name, ok=True, detail=f"loads on {section.device}")


PROVIDER = Provider(chosen_by=None, configured=lambda settings: False, check=_check, stt=_open)
