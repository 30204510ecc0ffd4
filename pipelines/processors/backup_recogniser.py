"""Directly before a provider's recogniser: notices when it does not hear, and hears in its place from then on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum

from loguru import logger
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.backup_hearing import BackupHearing
from pipelines.backup_listener import USER_ID, BackupListener, ListenerLinks
from pipelines.embedded.recogniser import RecogniserLost, RecogniserStream
from pipelines.embedded.utterances import BEFORE_SECONDS, AudioRing, Utterances, heard_frame
from pipelines.frames import NotUnderstoodFrame
from pipelines.hearing_watch import Hearing, HearingWatch
from pipelines.line import LINE_SAMPLE_RATE
from pipelines.processors.recogniser_gate import RecogniserGate

RING_SECONDS = 6.0
"""Of an utterance that nobody has answered so far this much is kept, 96 kB; nothing while the caller is silent."""

OPINION_SECONDS = 0.9
"""How long the backup may take over an utterance that the provider let pass, its start included."""

OnTrouble = Callable[[Hearing], Awaitable[None]]

HearAtOnce = Callable[[bytes], bool]
"""Gives a recogniser 16-bit samples at 8 kHz; False where it has to get them as a frame."""


class Activation(StrEnum):
    """What became of an attempt to hear in the provider's place."""

    NO_PLACE = "no place"
    """Nobody can hear this caller: say so, and offer keys."""
    LISTENS = "listens"
    """The next words will be heard: say that hearing is poor."""
    ANSWERS = "answers"
    """Words said already are on their way, or that they were not understood: say nothing that talks over the answer."""


class BackupRecogniser(FrameProcessor):
    """Stands before the provider's service, `gate` behind it; everything passes until `activate`.

    An utterance that the provider says nothing about gets a second opinion: without words in it, it was noise and no
    fault; with words, they are handed on, and the provider's own, should they come yet, are dropped. `on_trouble` is
    told; at `Hearing.LOST`, after the second such utterance in a row, it is for the call to `activate`, as it is when
    the service says itself that it is of no more use.
    """

    def __init__(
        self,
        hearing: BackupHearing | None,
        *,
        language: Callable[[], str],
        bot_speaks: Callable[[], bool],
        on_trouble: OnTrouble,
        watch: HearingWatch | None = None,
        hear_at_once: HearAtOnce | None = None,
    ) -> None:
        """`hearing` None: no backup here, only the watch. `bot_speaks`: whether the caller hears the bot now.

        `hear_at_once` is the provider's way past the pipeline's queues, where it has one.
        """
        super().__init__(enable_direct_mode=True)
        self.gate = RecogniserGate(on_sign=self._sign)
        self._hearing = hearing
        self._language = language
        self._bot_speaks = bot_speaks
        self._on_trouble = on_trouble
        self._watch = watch or HearingWatch()
        self._hear_at_once = hear_at_once
        self._before = AudioRing(seconds=BEFORE_SECONDS)
        self._ring = AudioRing(seconds=RING_SECONDS)
        self._handed_on = False
        self._voice = False
        self._over_bot = False
        self._listener: BackupListener | None = None
        self._activating = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_active(self) -> bool:
        """Whether the backup hears in the provider's place."""
        return self._listener is not None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Watch, keep, and once active hear; audio is not for a dead service."""
        await super().process_frame(frame, direction)
        match frame:
            case InputAudioRawFrame(audio=audio):
                await self.hear(audio)
                return
            case VADUserStartedSpeakingFrame() if direction is FrameDirection.DOWNSTREAM:
                self._voice_started(frame.start_secs)
            case VADUserStoppedSpeakingFrame() if direction is FrameDirection.DOWNSTREAM:
                self._voice_stopped(frame.stop_secs)
            case _:
                pass
        await self.push_frame(frame, direction)

    async def hear(self, audio: bytes) -> None:
        """Take the caller's audio: 16-bit samples at 8 kHz. The ear calls it without a frame."""
        if self._listener is not None:
            self._listener.feed(audio)
            return
        self._keep(audio)
        self._look()
        if self._hear_at_once is None or not self._hear_at_once(audio):
            await self.push_frame(InputAudioRawFrame(audio=audio, sample_rate=LINE_SAMPLE_RATE, num_channels=1))

    async def cleanup(self) -> None:
        """Stop listening and give the place back."""
        await super().cleanup()
        for task in tuple(self._tasks):
            await self.cancel_task(task)

    def prepare(self) -> None:
        """The provider is in trouble: have the backup's processes ready. Never waits."""
        if self._hearing is not None:
            self._hearing.prepare()

    async def activate(self) -> Activation:
        """Hear in the provider's place for the rest of the call, the utterance under way or unanswered included.

        Waits for a place 1.5 s at most; may be called again.
        """
        async with self._activating:
            if self._listener is not None:
                return Activation.LISTENS
            stream = await self._take()
            if stream is None:
                return Activation.NO_PLACE
            answers = self._listen(stream) or self._handed_on
            self._handed_on = False
            return Activation.ANSWERS if answers else Activation.LISTENS

    # What the caller and the provider say

    def _voice_started(self, seconds_ago: float) -> None:
        self._voice = True
        if self._listener is not None:
            self._listener.begin()
            return
        if not self._watch.waits:
            self._ring.clear()
            self.gate.is_open = True
        self._over_bot = self._bot_speaks()
        self._watch.voice_started(at=time.monotonic() - seconds_ago, over_bot=self._over_bot)
        self._ring.add(self._before.content())
        self._before.clear()

    def _voice_stopped(self, seconds_ago: float) -> None:
        self._voice = False
        if self._listener is not None:
            self._listener.end()
        else:
            self._watch.voice_stopped(at=time.monotonic() - seconds_ago)

    def _keep(self, audio: bytes) -> None:
        (self._ring if self._voice else self._before).add(audio)

    def _sign(self, final: bool) -> None:
        self._watch.sign(at=time.monotonic(), final=final)
        if final:
            # What has been put into words need not be heard again, if the rest of the utterance has to be.
            self._ring.clear()

    def _look(self) -> None:
        now = time.monotonic()
        if self._voice and self._over_bot and not self._bot_speaks():
            self._over_bot = False
            self._watch.bot_stopped(at=now)
        verdict = self._watch.look(now=now)
        if verdict is Hearing.FINE:
            return
        self._start(self._second_opinion(verdict, self._ring.content()))

    def _start(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            await work

        task = self.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The second opinion

    async def _second_opinion(self, verdict: Hearing, audio: bytes) -> None:
        """Somebody must answer the caller now: with the words, if the backup finds them, else with a question."""
        found: Frame | None = NotUnderstoodFrame()
        place = False
        try:
            async with asyncio.timeout(OPINION_SECONDS):
                stream = await self._take()
                if stream is not None:
                    place = True
                    found = await self._words(stream, audio)
        except (TimeoutError, RecogniserLost) as error:
            logger.warning("no second opinion on what the recogniser let pass: {}", str(error) or "it took too long")
        if found is None:
            self._watch.excuse()
            return
        # If the provider speaks up yet, it is too late: the caller is being answered.
        self.gate.is_open = False
        if place or verdict is Hearing.UNANSWERED:
            self._handed_on = True
            await self.gate.hand_on(found)
        await self._on_trouble(verdict)
        self._handed_on = False

    @staticmethod
    async def _words(stream: RecogniserStream, audio: bytes) -> Frame | None:
        utterances = Utterances(stream, on_interim=lambda text: None)
        try:
            utterances.begin()
            utterances.feed(audio)
            return heard_frame(await utterances.end(), user_id=USER_ID)
        finally:
            utterances.close()

    # In the provider's place

    async def _take(self) -> RecogniserStream | None:
        return None if self._hearing is None else await self._hearing.take(language=self._language())

    def _listen(self, stream: RecogniserStream) -> bool:
        """From here on the provider is not heard; nothing is awaited, so no audio falls between.

        Returns whether the caller has said something already that is recognised now.
        """
        self.gate.is_open = False
        links = ListenerLinks(push=self.gate.hand_on, take=self._take, on_lost=self._no_backup)
        listener = BackupListener(stream, links)
        waits = self._voice or self._watch.waits
        if waits:
            listener.begin()
            listener.feed(self._ring.content())
        if not self._voice:
            if waits:
                listener.end(answered=True)
            listener.feed(self._before.content())
        self._ring.clear()
        self._listener = listener
        self._start(listener.run())
        return waits

    async def _no_backup(self) -> None:
        self._listener = None
        await self._on_trouble(Hearing.LOST)
