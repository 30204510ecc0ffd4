"""Fills the speech cache behind the calls: from disk at once, then by the voice, sentence by sentence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from loguru import logger

from pipelines.embedded.voice import VoiceFailed
from pipelines.mulaw import pcm16_to_ulaw
from pipelines.provider import Synthesiser, Voice
from pipelines.speech_cache import CachedSpeech, Sentence, SpeechCache
from pipelines.speech_files import SpeechFiles

_LOADED_AT_ONCE = 24
"""Files read in one go, so that a call that begins at start-up finds its greeting early."""


@dataclass(frozen=True, kw_only=True)
class WarmingPace:
    """How much warming may get in the way of calls. All but one are seconds.

    The first `urgent` sentences of a process (greetings, openers, answers) are made without a break whatever goes on,
    since each saves calls more than it costs. From then on, with no call for `quiet_seconds` the voice works without a
    break; while there are calls it makes one sentence in `trickle_seconds`. A failing voice is left alone for
    twice as long each time, from `retry_seconds` to `longest_retry_seconds`.
    """

    urgent: int = 120
    quiet_seconds: float = 1.0
    trickle_seconds: float = 5.0
    poll_seconds: float = 0.2
    sentence_seconds: float = 20.0
    retry_seconds: float = 5.0
    longest_retry_seconds: float = 600.0
    claim_seconds: float = 15.0


@asynccontextmanager
async def open_speech_cache(
    cache: SpeechCache,
    *,
    voice: Voice,
    files: SpeechFiles,
    live_calls: Callable[[], int],
    synthesise: bool = True,
    pace: WarmingPace | None = None,
) -> AsyncGenerator[SpeechCache]:
    """`cache`, filled in the background until the block ends; that end does not wait for the voice.

    Args:
        synthesise: False only reads what is on disk.
    """
    warmer = _Warmer(cache, voice, files, live_calls, pace or WarmingPace())
    # Not in a TaskGroup: that would wrap whatever ends the block, such as a start-up error, in a group.
    task = asyncio.create_task(warmer.run(synthesise=synthesise), name="speech cache")
    try:
        yield cache
    finally:
        task.cancel()
        await asyncio.wait({task})


class _Warmer:
    """One worker's filling of the cache."""

    def __init__(
        self,
        cache: SpeechCache,
        voice: Voice,
        files: SpeechFiles,
        live_calls: Callable[[], int],
        pace: WarmingPace,
    ) -> None:
        self._cache = cache
        self._voice = voice
        self._files = files
        self._live_calls = live_calls
        self._pace = pace
        self._busy_at = float("-inf")
        self._failures = 0
        self._made = self._characters = self._ever_made = 0
        self._disk_works = True

    async def run(self, *, synthesise: bool) -> None:
        """Fill the cache until cancelled; a fault of ours ends the filling and nothing else."""
        try:
            await self._load()
            found, missing = len(self._cache), len(self._cache.missing())
            logger.info("speech cache: {} sentences on disk, {} to be made", found, missing)
            while synthesise:
                await self._cache.wanted.wait()
                await self._wait_for_room()
                await self._make_some()
        except Exception:  # noqa: BLE001 - the boundary of a background job: calls go on without it
            logger.exception("the speech cache is no longer filled")
        finally:
            self._files.close()

    async def _load(self) -> None:
        """Read what is on disk, in pieces, off the event loop."""
        missing = self._cache.missing()
        for start in range(0, len(missing), _LOADED_AT_ONCE):
            await self._load_some(missing[start : start + _LOADED_AT_ONCE])

    async def _load_some(self, sentences: tuple[Sentence, ...]) -> None:
        keys = [self._cache.key(sentence) for sentence in sentences]
        found = await asyncio.to_thread(lambda: [self._files.load(key) for key in keys])
        for sentence, speech in zip(sentences, found, strict=True):
            if speech is not None:
                self._cache.put(sentence, speech)

    async def _wait_for_room(self) -> None:
        """Wait until the lines are quiet, or until it is time for one sentence between calls."""
        began = time.monotonic()
        while not self._is_quiet() and time.monotonic() - began < self._pace.trickle_seconds:  # noqa: ASYNC110 - a count
            await asyncio.sleep(self._pace.poll_seconds)

    def _is_quiet(self) -> bool:
        now = time.monotonic()
        if self._ever_made < self._pace.urgent:
            return True
        if self._live_calls():
            self._busy_at = now
        return now - self._busy_at >= self._pace.quiet_seconds

    async def _make_some(self) -> None:
        """Make what is missing over one connection, until nothing is or calls come in."""
        if not await self._claim():
            await asyncio.sleep(self._pace.claim_seconds)
            await self._load()
            return
        sentence = self._cache.next_missing()
        try:
            async with asyncio.timeout(self._pace.sentence_seconds) as limit, self._voice.synthesis() as speak:
                while (sentence := self._cache.next_missing()) is not None:
                    limit.reschedule(asyncio.get_running_loop().time() + self._pace.sentence_seconds)
                    await self._make(sentence, speak)
                    self._failures = 0
                    if not self._is_quiet():
                        break
        except (VoiceFailed, TimeoutError) as error:
            await self._rest(sentence, error)
            return
        self._report()

    async def _claim(self) -> bool:
        if not self._disk_works:
            return True
        try:
            return await asyncio.to_thread(self._files.claim)
        except OSError as error:
            self._give_up_disk(error)
            return True

    async def _make(self, sentence: Sentence, speak: Synthesiser) -> None:
        key = self._cache.key(sentence)
        speech = await asyncio.to_thread(self._files.load, key)
        if speech is None:
            speech = await _spoken(sentence, speak)
            self._made += 1
            self._ever_made += 1
            self._characters += len(sentence.text)
            await self._save(key, speech)
        self._cache.put(sentence, speech)

    async def _save(self, key: str, speech: CachedSpeech) -> None:
        if not self._disk_works:
            return
        try:
            await asyncio.to_thread(self._files.save, key, speech)
        except OSError as error:
            self._give_up_disk(error)

    def _give_up_disk(self, error: OSError) -> None:
        self._disk_works = False
        logger.warning("the speech cache is kept in memory only: its folder cannot be written: {}", error)

    async def _rest(self, sentence: Sentence | None, error: Exception) -> None:
        """Leave a failing voice alone for a while; another sentence is tried first then."""
        if self._failures == 0:
            logger.warning("speech is not synthesised ahead for now: {}", type(error).__name__)
        self._failures += 1
        if sentence is not None:
            self._cache.put_off(sentence)
        wait = self._pace.retry_seconds * 2 ** min(self._failures - 1, 16)
        await asyncio.sleep(min(wait, self._pace.longest_retry_seconds))

    def _report(self) -> None:
        if self._made and self._cache.next_missing() is None:
            logger.info("speech cache: {} sentences synthesised, {} characters", self._made, self._characters)
            self._made = self._characters = 0


async def _spoken(sentence: Sentence, speak: Synthesiser) -> CachedSpeech:
    """The whole sound of a sentence.

    Raises:
        VoiceFailed: the voice could not speak, or gave no sound.
    """
    sound = bytearray()
    words: list[tuple[str, float]] = []
    async for chunk in speak(sentence.text, language=sentence.language, pace=sentence.pace):
        sound += chunk.pcm
        words += [(word.word, word.start_seconds) for word in chunk.words]
    if not sound:
        raise VoiceFailed("the voice gave no sound")
    return CachedSpeech(ulaw=pcm16_to_ulaw(bytes(sound)), words=tuple(words))
