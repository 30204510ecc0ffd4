"""A caller heard by the backup recogniser for the rest of a call, utterance by utterance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from loguru import logger
from pipecat.frames.frames import Frame, InterimTranscriptionFrame
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from pipelines.embedded.recogniser import RecogniserLost, RecogniserStream
from pipelines.embedded.utterances import Utterances, heard_frame
from pipelines.frames import NotUnderstoodFrame

USER_ID = "backup"
"""Who signs the words that do not come from the provider."""


class _Edge(Enum):
    BEGIN = "begin"
    END = "end"
    END_ANSWERED = "end, answered"


@dataclass(frozen=True, kw_only=True)
class ListenerLinks:
    """Where a listener's words go (`push`), where it finds another place, and who is told that there is none."""

    push: Callable[[Frame], Awaitable[None]]
    take: Callable[[], Awaitable[RecogniserStream | None]]
    on_lost: Callable[[], Awaitable[None]]


class BackupListener:
    """`feed`, `begin` and `end` never wait; `run` does the listening, in their order, until it is cancelled."""

    def __init__(self, stream: RecogniserStream, links: ListenerLinks) -> None:
        self._links = links
        self._steps: asyncio.Queue[bytes | _Edge] = asyncio.Queue()
        self._interims: asyncio.Queue[str] = asyncio.Queue()
        self._utterances: Utterances | None = Utterances(stream, on_interim=self._interims.put_nowait)

    def feed(self, audio: bytes) -> None:
        """Take 8 kHz 16-bit audio, speech or not."""
        self._steps.put_nowait(audio)

    def begin(self) -> None:
        """The caller speaks."""
        self._steps.put_nowait(_Edge.BEGIN)

    def end(self, *, answered: bool = False) -> None:
        """The caller is silent. `answered`: somebody waits for an answer, so that no words at all are told as well."""
        self._steps.put_nowait(_Edge.END_ANSWERED if answered else _Edge.END)

    async def run(self) -> None:
        """Listen until cancelled or until no recogniser is left, and give the place back."""
        try:
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell_interims())
                while self._utterances is not None:
                    await self._step(self._utterances, await self._steps.get())
                telling.cancel()
        finally:
            if self._utterances is not None:
                self._utterances.close()
                self._utterances = None
        await self._links.on_lost()

    async def _step(self, utterances: Utterances, step: bytes | _Edge) -> None:
        try:
            match step:
                case bytes():
                    utterances.feed(step)
                case _Edge.BEGIN:
                    utterances.begin()
                case _Edge.END | _Edge.END_ANSWERED:
                    heard = heard_frame(await utterances.end(), user_id=USER_ID)
                    if heard is None and step is _Edge.END_ANSWERED:
                        heard = NotUnderstoodFrame()
                    if heard is not None:
                        await self._links.push(heard)
        except RecogniserLost as error:
            await self._replace(error)

    async def _replace(self, error: RecogniserLost) -> None:
        """The process is gone: what was being said is lost, the next utterance finds another place."""
        logger.warning("the backup recogniser lost an utterance: {}", error)
        self._utterances = None
        await self._links.push(NotUnderstoodFrame())
        stream = await self._links.take()
        if stream is not None:
            self._utterances = Utterances(stream, on_interim=self._interims.put_nowait)

    async def _tell_interims(self) -> None:
        while True:
            text = await self._interims.get()
            await self._links.push(InterimTranscriptionFrame(text, USER_ID, time_now_iso8601(), Language.EN))
