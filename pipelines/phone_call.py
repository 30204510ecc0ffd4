"""A phone call from its first frame to its outcome."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from loguru import logger
from pipecat.frames.frames import ErrorFrame
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.workers.runner import WorkerRunner

from bot.domain import Call, Outcome
from bot.metrics import ProviderCause
from bot.stores.errors import StoreUnavailable
from bot.stores.sessions import Ending, EndingKind
from pipelines.call_mind import CallMind
from pipelines.connecting import EarlyHearing
from pipelines.floor import Floor
from pipelines.frames import HearingBackupFrame, HearingLostFrame
from pipelines.hearing_watch import Hearing
from pipelines.line import LINE_SAMPLE_RATE, MediaLine
from pipelines.melody import LastSeconds
from pipelines.mouth import Mouth
from pipelines.processors.backup_recogniser import Activation, BackupRecogniser
from pipelines.processors.cached_speech import CachedSpeechPlayer, CachedVoice
from pipelines.processors.ear import Ear
from pipelines.processors.fallback_voice import FallbackVoice
from pipelines.processors.line_input import LineInput
from pipelines.processors.line_output import LineOutput
from pipelines.processors.seller import Seller
from pipelines.processors.turn_taking import TurnTaking
from pipelines.processors.wording import Wording
from pipelines.provider import ProviderError
from pipelines.provider_errors import provider_cause
from pipelines.resources import Resources
from pipelines.unobserved import UnobservedPipeline
from pipelines.voice_activity import VoiceActivity

_TEARDOWN_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class CallEnd:
    """How a call ended: its outcome, whether we are to hang up, or to whom the line goes on."""

    outcome: Outcome
    hang_up: bool
    transfer_to: str | None = None


async def run_phone_call(line: MediaLine, call: Call, *, resources: Resources) -> CallEnd:
    """Hold a talk on `line` until it is over, store its outcome, and close the line.

    Never raises but for cancellation, on which everything is released as well.
    """
    resources.occupancy.live += 1
    resources.metrics.call_began()
    outcome = Outcome.FAILED
    try:
        with logger.contextualize(call_id=call.sid):
            talk = _Talk(line, call, resources)
            end = await talk.hold()
            await talk.mind.finish(end.outcome)
            resources.metrics.tier(talk.mind.state.tier.key)
            outcome = end.outcome
            logger.info("call over: {}", end.outcome.value)
            await _tell_workers(call.sid, end, resources)
            return end
    finally:
        resources.occupancy.live -= 1
        resources.metrics.call_ended(direction=call.direction, outcome=outcome)
        await line.close()


async def _tell_workers(call_sid: str, end: CallEnd, resources: Resources) -> None:
    """Let any worker answer what becomes of the line now that the stream is over."""
    ending = (
        Ending(kind=EndingKind.TRANSFER, transfer_to=end.transfer_to)
        if end.transfer_to is not None
        else Ending(kind=EndingKind.HANG_UP)
    )
    try:
        await resources.sessions.mark_ended(call_sid, ending)
        await resources.sessions.close(call_sid)
    except StoreUnavailable as error:
        logger.warning("the call's end was not told to other workers: {}", error)


class _Talk:
    """One call's pipeline and the end of it."""

    def __init__(self, line: MediaLine, call: Call, resources: Resources) -> None:
        self._line = line
        self._resources = resources
        self._over = asyncio.Event()
        self._failures: set[tuple[str, ProviderCause]] = set()
        self._failed = False
        self._backup: BackupRecogniser | None = None
        self._hearing_gone = False
        self._seller: Seller | None = None
        self._worker: PipelineWorker | None = None
        self._voice: TTSService | None = None
        self._fallback: FallbackVoice | None = None
        self.mind = CallMind(
            call,
            playbook=resources.playbook,
            analyst=resources.analyst,
            records=resources.records,
            sessions=resources.sessions,
            metrics=resources.metrics,
            listener=resources.listener,
        )

    async def hold(self) -> CallEnd:
        """Run the pipeline until the talk is over or fails."""
        try:
            await self._run()
        except ProviderError as error:
            logger.error("call refused by a provider: {}", error)
            return CallEnd(outcome=Outcome.FAILED, hang_up=True)
        except Exception:  # noqa: BLE001 - the boundary of a call: others must not suffer
            logger.exception("call failed")
            return CallEnd(outcome=Outcome.FAILED, hang_up=True)
        return self._end()

    async def _run(self) -> None:
        worker = PipelineWorker(
            UnobservedPipeline(self._processors()),
            params=PipelineParams(audio_in_sample_rate=LINE_SAMPLE_RATE, audio_out_sample_rate=LINE_SAMPLE_RATE),
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
            cancel_runner_on_idle_timeout=False,
            cancel_timeout_secs=_TEARDOWN_SECONDS,
        )
        self._worker = worker
        worker.add_event_handler("on_pipeline_error", self._on_error)
        runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
        await runner.add_workers(worker)
        running = asyncio.create_task(runner.run())
        waiting = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not self._over.is_set():
                self._failed = True
                logger.error("the pipeline ended before the talk did")
        finally:
            waiting.cancel()
            await worker.cancel()
            await asyncio.wait({running}, timeout=2 * _TEARDOWN_SECONDS)
            if not running.done():
                logger.error("the pipeline did not end in time")
                running.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)

    def _processors(self) -> list[FrameProcessor]:
        resources, language = self._resources, self.mind.state.language
        mouth = Mouth(self._line)
        floor = Floor(mouth, resources.floor_judge, language=language, tells_turns=resources.recogniser.tells_turns)
        melody, recent = resources.melody, LastSeconds() if resources.melody is not None else None
        turn_taking = TurnTaking(
            floor,
            mouth,
            resources.metrics,
            judge_melody=(lambda: melody.judge(recent.last())) if melody is not None and recent is not None else None,
        )
        self._seller = Seller(
            self.mind,
            floor=floor,
            mouth=mouth,
            find_opener=resources.find_opener,
            has_model=resources.model is not None,
            metrics=resources.metrics,
            on_over=self._over.set,
        )
        recogniser = resources.recogniser.service(language=language)
        self._backup = BackupRecogniser(
            resources.backup_hearing,
            language=lambda: self.mind.state.language,
            bot_speaks=lambda: mouth.is_speaking,
            on_trouble=self._hearing_trouble,
            hear_at_once=recogniser.hear_at_once if isinstance(recogniser, EarlyHearing) else None,
        )
        ear = Ear(VoiceActivity(resources.silero), mouth, turn_taking, recogniser=self._backup, recent=recent)
        processors: list[FrameProcessor] = [
            LineInput(self._line, ear=ear, output=turn_taking),
            ear,
            self._backup,
            recogniser,
            self._backup.gate,
            turn_taking,
            self._seller,
        ]
        if resources.model is not None:
            processors.append(resources.model.service())
        self._voice = resources.voice.service(language=language)
        processors += [
            Wording(resources.guard, resources.metrics, on_model_late=self._model_late),
            CachedVoice(resources.speech_cache, language=language, metrics=resources.metrics),
            self._voice,
            CachedSpeechPlayer(),
        ]
        if resources.fallback_voice is not None:
            self._fallback = FallbackVoice(resources.fallback_voice, language=language, on_failure=self._voice_failed)
            processors.append(self._fallback)
        processors.append(LineOutput(mouth))
        return processors

    def _end(self) -> CallEnd:
        gone = self._seller is not None and self._seller.line_gone
        outcome = self.mind.outcome()
        if self._failed and self.mind.state.outcome is None:
            outcome = Outcome.FAILED
        elif gone and outcome is Outcome.NOT_INTERESTED and not self.mind.state.ended:
            outcome = Outcome.DROPPED
        return CallEnd(outcome=outcome, hang_up=not gone, transfer_to=None if gone else self.mind.transfer_to)

    # Failures

    async def _on_error(self, _: PipelineWorker, frame: ErrorFrame) -> None:
        processor, names = frame.processor, self._resources.names
        if isinstance(processor, STTService):
            self._note_failure(names.stt, provider_cause(frame))
            if self._backup is not None:
                self._backup.prepare()
            if not processor.is_usable:
                await self._hearing_lost()
        elif isinstance(processor, LLMService):
            self._note_failure(names.llm, provider_cause(frame))
        elif isinstance(processor, TTSService):
            self._note_failure(names.tts, provider_cause(frame))
            if not processor.is_usable and self._fallback is not None:
                self._fallback.give_up_provider()
        else:
            # The talk cannot go on without it, and a dead line is worse than none.
            logger.error("a processor failed: {}", type(processor).__name__)
            self._failed = True
            self._over.set()

    async def _hearing_trouble(self, what: Hearing) -> None:
        """The recogniser said nothing to what the caller said."""
        self._note_failure(self._resources.names.stt, ProviderCause.SILENT)
        if what is Hearing.LOST:
            await self._hearing_lost()

    async def _hearing_lost(self) -> None:
        """The recogniser is of no more use in this call: the embedded one hears, or the caller is told of the keys."""
        if self._hearing_gone or self._backup is None or self._worker is None:
            return
        match await self._backup.activate():
            case Activation.NO_PLACE:
                self._hearing_gone = True
                await self._worker.queue_frame(HearingLostFrame())
            case activation:
                await self._worker.queue_frame(HearingBackupFrame(silently=activation is Activation.ANSWERS))

    def _model_late(self) -> None:
        self._note_failure(self._resources.names.llm, ProviderCause.TIMEOUT)

    async def _voice_failed(self) -> None:
        self._note_failure(self._resources.names.tts, ProviderCause.SILENT)
        if self._voice is not None:
            # Given no more work it keeps no later sentence waiting for audio that will not come.
            await self._voice.set_usable(False)

    def _note_failure(self, provider: str, cause: ProviderCause) -> None:
        self._resources.metrics.provider_error(provider=provider, cause=cause)
        self._resources.occupancy.note_failure(provider)
        if (provider, cause) not in self._failures:
            self._failures.add((provider, cause))
            logger.error("provider {} failed in this call: {}; the fallback takes over", provider, cause.value)
