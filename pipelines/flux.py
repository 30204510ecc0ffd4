"""Deepgram Flux as a recogniser of ours: its idea of turns goes to the floor, which also has its own."""

from __future__ import annotations

from typing import Any

from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService

from pipelines.connecting import EarlyHearing, ShortConnect
from pipelines.floor_acts import (
    WordsEvent,
)
from pipelines.frames import RecognisedFrame
from pipelines.reconnecting import ShortReconnect

EAGER_THRESHOLD = 0.4
"""Flux's confidence from which it predicts a turn's end; below the one at which it declares it (0.7)."""


class FluxRecognition(EarlyHearing, ShortReconnect, ShortConnect, DeepgramFluxSTTService):
    """Flux, whose turn events travel as `RecognisedFrame`s, in order; pipecat's proposals of turns are not made."""

    def hear_at_once(self, audio: bytes) -> bool:
        """See `EarlyHearing`; Flux's watchdog, which fills pauses in the sound, is told."""
        sent = super().hear_at_once(audio)
        if sent:
            self._last_stt_time = self._last_audio_time
            self._last_audio_chunk_duration = len(audio) / (2 * self.sample_rate)
        return sent

    async def _handle_start_of_turn(self, transcript: str) -> None:
        self._user_is_speaking = True
        self._turn_transcript, self._turn_language = transcript, None
        if transcript:
            await self._tell(WordsEvent.UPDATE, transcript, {})

    async def _handle_update(self, transcript: str, data: dict[str, Any]) -> None:
        self._turn_transcript, self._turn_language = transcript, self._primary_detected_language(data)
        await self._tell(WordsEvent.UPDATE, transcript, data)

    async def _handle_eager_end_of_turn(self, transcript: str, data: dict[str, Any]) -> None:
        self._turn_transcript = transcript
        await self._tell(WordsEvent.EAGER, transcript, data)

    async def _handle_turn_resumed(self, event: str) -> None:
        await self._tell(WordsEvent.RESUMED, self._turn_transcript, {})

    async def _handle_end_of_turn(self, transcript: str, data: dict[str, Any]) -> None:
        self._user_is_speaking, self._turn_transcript = False, ""
        await self.emit_stt_usage_metrics()
        await self._tell(WordsEvent.END, transcript, data)

    async def _end_turn_cut_short(self) -> None:
        """The socket closed in the middle of a turn: what was heard of it stands."""
        if self._user_is_speaking:
            self._user_is_speaking = False
            transcript, self._turn_transcript = self._turn_transcript, ""
            await self._tell(WordsEvent.END, transcript, {})

    async def _tell(self, event: WordsEvent, transcript: str, data: dict[str, Any]) -> None:
        language = self._primary_detected_language(data)
        await self.push_frame(
            RecognisedFrame(event=event, text=transcript, language=language.value if language else None)
        )
