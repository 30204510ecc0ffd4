"""A pipeline that reports no frames to pipecat's observers."""

from __future__ import annotations

from dataclasses import replace

from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.frame_processor import FrameProcessorSetup


class UnobservedPipeline(Pipeline):
    """A pipeline whose worker has no observers.

    pipecat builds two reports for each frame and processor even where nobody is there to read them.
    """

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Set up; see pipecat."""
        await super().setup(replace(setup, observer=None))
