"""Hearing when the provider's recogniser fails: the embedded one, English only, one pool for all calls.

Nothing of it runs while all is well. Its language model is looked up or built behind start-up, its processes start
with the first call that needs them (0.3-0.5 s, then 45 MB each and 7 MB a place) and stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loguru import logger

from bot.playbook import Playbook
from pipelines.embedded.build_child import build_beside
from pipelines.embedded.language_model import LanguageModel, LanguageModelError
from pipelines.embedded.playbook_model import playbook_sentences
from pipelines.embedded.recogniser import (
    RecogniserFull,
    RecogniserLost,
    RecogniserOptions,
    RecogniserPool,
    RecogniserStream,
)

HEARS = "en"
"""The only language the embedded recogniser knows."""

START_SECONDS = 1.5
"""How long a caller in need may wait for the processes to start; longer, and the call goes on with keys."""

_RETRY_SECONDS = 5.0


class BackupHearing:
    """Places with the embedded recogniser for calls whose own has failed."""

    def __init__(self, *, options: RecogniserOptions | None = None) -> None:
        self._options = options or RecogniserOptions()
        self._pool: RecogniserPool | None = None
        self._is_built = False
        self._wanted = asyncio.Event()
        self._started = asyncio.Event()

    @property
    def limit(self) -> int:
        """How many callers can be heard at once."""
        return self._options.max_streams

    @property
    def is_built(self) -> bool:
        """Whether the language model is there, so that a call can count on being heard."""
        return self._is_built

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The running processes, for tests and doctor."""
        return self._pool.process_ids if self._pool else ()

    def prepare(self) -> None:
        """Trouble is in sight: start the processes if none run. Never waits."""
        if self._is_built:
            self._wanted.set()

    async def take(self, *, language: str) -> RecogniserStream | None:
        """A place for a caller who speaks `language`; None: another language, all taken, or not ready in time.

        Waits at most `START_SECONDS`; cancelling is safe.
        """
        if language != HEARS or not self._is_built:
            return None
        self.prepare()
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._started.wait()
        except TimeoutError:
            logger.error("the backup recogniser did not start within {} s", START_SECONDS)
            return None
        try:
            return self._pool.open_stream() if self._pool else None
        except RecogniserFull as error:
            logger.warning("no place with the backup recogniser: {}", error)
            return None

    async def serve(self, playbook: Playbook, *, data_dir: Path) -> None:
        """Build the language model, then keep the processes from the moment they are wanted; until cancelled."""
        try:
            model = await build_beside(playbook_sentences(playbook), cache_dir=data_dir / "cache" / "language-models")
        except (LanguageModelError, OSError) as error:
            logger.error("no backup for the recogniser, callers will be offered keys: {}", error)
            return
        self._is_built = True
        while True:
            await self._wanted.wait()
            await self._run(model)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _run(self, model: LanguageModel) -> None:
        try:
            async with RecogniserPool(model, options=self._options) as pool:
                logger.info("the backup recogniser is ready for {} callers", self.limit)
                self._pool = pool
                self._started.set()
                await asyncio.get_running_loop().create_future()  # until cancelled
        except RecogniserLost as error:
            logger.error("the backup recogniser did not start: {}", error)
        finally:
            self._pool = None
            self._started.clear()
            self._wanted.clear()


@asynccontextmanager
async def open_backup_hearing(
    playbook: Playbook, *, data_dir: Path, options: RecogniserOptions | None = None
) -> AsyncIterator[BackupHearing]:
    """Opened with what calls share; opening does not wait for anything, leaving ends all processes."""
    hearing = BackupHearing(options=options)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(hearing.serve(playbook, data_dir=data_dir), name="backup hearing")
        try:
            yield hearing
        finally:
            serving.cancel()
