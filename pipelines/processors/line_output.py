"""The caller's other end of a pipeline: what the voice makes of a reply goes to the mouth."""

from __future__ import annotations

from pipecat.frames.frames import (
    AggregatedTextFrame,
    Frame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from pipelines.frames import PlanFrame, ReplyEndFrame, WordTimesFrame
from pipelines.mouth import Mouth


class LineOutput(FrameProcessor):
    """Speech ends here; other frames pass. Audio belongs to the reply whose plan came last."""

    def __init__(self, mouth: Mouth) -> None:
        super().__init__(enable_direct_mode=True)
        self._mouth = mouth
        self._reply_id = 0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Hand speech to the mouth, in order."""
        await super().process_frame(frame, direction)
        match frame:
            case PlanFrame():
                self._reply_id = frame.reply_id
            case TTSAudioRawFrame():
                await self._mouth.add_audio(self._reply_id, frame.audio)
            case TTSTextFrame() | TTSStartedFrame():
                pass
            case AggregatedTextFrame():
                await self._mouth.begin(self._reply_id, frame.text)
            case WordTimesFrame():
                await self._mouth.add_words(self._reply_id, frame.words)
            case TTSStoppedFrame():
                await self._mouth.finish_sentence(self._reply_id)
            case ReplyEndFrame():
                await self._mouth.finish_reply(frame.reply_id)
            case _:
                await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Release the mouth's timer, if any."""
        await super().cleanup()
        self._mouth.close()
