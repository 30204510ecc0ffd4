"""Vendors' sockets: they open in time or not at all, and behind the pipeline, so that a greeting waits for none.

pipecat connects while it sets a pipeline up, before the first frame moves. Put these before a pipecat service in the
list of bases.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

from pipecat.frames.frames import Frame, InputAudioRawFrame
from pipecat.processors.frame_processor import FrameCallback, FrameDirection, FrameProcessor, FrameProcessorSetup
from pipecat.services.stt_service import STTService
from pipecat.services.websocket_service import WebsocketService
from websockets.protocol import State

from pipelines.quick_connection import QuickConnection

CONNECT_SECONDS = 1.5
"""A vendor's handshake takes a few round trips; one that takes longer is left to the fallback."""

EARLY_AUDIO_SECONDS = 3.0
"""The caller's sound that is kept for a recogniser whose socket is not open yet; the oldest goes first."""


class ShortConnect(WebsocketService):
    """Its sockets open in time or not at all. Sound is not worth compressing: that costs more than it saves."""

    async def _websocket_connect(self, uri: str, **kwargs: Any) -> Any:
        kwargs.setdefault("open_timeout", CONNECT_SECONDS)
        kwargs.setdefault("compression", None)
        kwargs.setdefault("create_connection", QuickConnection)
        return await super()._websocket_connect(uri, **kwargs)


class BackgroundConnect(FrameProcessor):
    """Setting it up only begins to connect. Who needs the connection waits for the attempt under way.

    An attempt that fails is reported as pipecat does, by an error frame. Cancelling who waits leaves the attempt going.
    """

    _opening: asyncio.Task[None] | None = None
    _setting_up = False

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Set up, and begin to connect."""
        self._setting_up = True
        try:
            await super().setup(setup)
        finally:
            self._setting_up = False

    async def _connect(self) -> None:
        if self._opening is None or self._opening.done():
            self._opening = self.create_task(
                super()._connect(),  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
                name="connecting",
            )
        if not self._setting_up:
            await asyncio.wait({self._opening})

    async def _disconnect(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None and not opening.done():
            await self.cancel_task(opening)
        await super()._disconnect()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


class EarlyHearing(BackgroundConnect, STTService):
    """A recogniser that connects in the background and hears what the caller said meanwhile.

    Sound that comes before its first connection is kept, at most `EARLY_AUDIO_SECONDS` of it, and sent when it opens.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._early: deque[bytes] | None = deque()
        self._early_bytes = 0
        self._in_line = 0
        """Frames of sound that were queued and have not been sent or kept yet."""

    def hear_at_once(self, audio: bytes) -> bool:
        """Send the caller's sound past the pipeline's queues; False where it has to go through them as a frame.

        It has to where nothing else keeps its order, or keeps it at all: while the socket is not open, does not take
        more, or sound waits in the queues already.
        """
        socket = getattr(self, "_websocket", None)
        if self._early is not None or self._in_line or self._reconnecting or self._muted or not self.is_usable:
            return False
        if not isinstance(socket, QuickConnection) or not socket.send_at_once(audio):
            return False
        self._last_audio_time = time.monotonic()
        self._record_stt_audio_usage(audio)
        return True

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = FrameDirection.DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Queue a frame; see pipecat."""
        if isinstance(frame, InputAudioRawFrame):
            self._in_line += 1
        await super().queue_frame(frame, direction, callback)

    async def process_audio_frame(self, frame: InputAudioRawFrame, direction: FrameDirection) -> None:
        """Send or keep the sound of a frame that has come through the queue."""
        try:
            await super().process_audio_frame(frame, direction)
        finally:
            self._in_line = max(0, self._in_line - 1)

    def _is_connected(self) -> bool:
        """Whether sound sent now arrives."""
        socket = getattr(self, "_websocket", None)
        return socket is not None and socket.state is State.OPEN

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Send the caller's sound on, what was kept first; or keep it."""
        if self._early is not None:
            if not self._is_connected():
                self._keep(self._early, audio)
                yield None
                return
            kept, self._early = b"".join(self._early), None
            if kept:
                async for frame in super().run_stt(kept):  # pyright: ignore[reportAbstractUsage]
                    yield frame
        async for frame in super().run_stt(audio):  # pyright: ignore[reportAbstractUsage]
            yield frame

    def _keep(self, early: deque[bytes], audio: bytes) -> None:
        early.append(audio)
        self._early_bytes += len(audio)
        limit = int(EARLY_AUDIO_SECONDS * self.sample_rate) * 2
        while self._early_bytes > limit and len(early) > 1:
            self._early_bytes -= len(early.popleft())
