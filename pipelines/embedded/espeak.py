"""espeak-ng as an embedded voice, English and Spanish, in processes of its own (its licence is GPLv3+)."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import struct
from collections.abc import AsyncIterator

from pipelines.embedded.sentences import PAUSE_SECONDS, split_sentences
from pipelines.embedded.voice import SAMPLE_RATE, SpeechChunk, SpokenWord, VoiceFailed
from pipelines.embedded.worker_process import WorkerLost, WorkerProcess
from pipelines.embedded.worker_protocol import Kind, Message

_MODULE = "pipelines.embedded.espeak_worker"
_VOICES = {"en": "en-us", "en-gb": "en-gb", "es": "es-419", "es-es": "es", "es-419": "es-419"}
_CHUNK_BYTES = 2 * SAMPLE_RATE // 10
_WORDS_PER_MINUTE = 160
"""A little under espeak-ng's own 175, which is hard to follow on a telephone line."""


def is_available() -> bool:
    """Whether the wheel with espeak-ng's library and voices is installed."""
    return importlib.util.find_spec("espeakng_loader") is not None


class EspeakVoice:
    """An `EmbeddedVoice` over a small pool of espeak-ng processes, started when first needed."""

    def __init__(self, *, processes: int = 1, pitch: int = 50, deadline_seconds: float = 5.0) -> None:
        """`pitch`: 0 to 99. `deadline_seconds`: for one sentence, waiting for a free process included."""
        self._pitch = pitch
        self._deadline_seconds = deadline_seconds
        self._idle: asyncio.Queue[WorkerProcess | None] = asyncio.Queue()
        for _ in range(processes):
            self._idle.put_nowait(None)
        self._processes = processes
        self._closed = False

    async def stream(self, text: str, *, lang: str, pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        """See `EmbeddedVoice.stream`."""
        if not 0.5 <= pace <= 2.0:
            raise ValueError(f"pace must be between 0.5 and 2, not {pace}")
        voice = _voice_of(lang)
        offset = 0.0
        for sentence in split_sentences(text):
            words, pcm = await self._say(sentence, voice=voice, pace=pace)
            if offset and pcm:
                silence = bytes(2 * int(PAUSE_SECONDS * SAMPLE_RATE))
                yield SpeechChunk(silence)
                offset += PAUSE_SECONDS
            for chunk in _chunks(words, pcm, offset=offset):
                yield chunk
            offset += len(pcm) / 2 / SAMPLE_RATE

    async def aclose(self) -> None:
        """Ends all processes; a sentence under way is waited for."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._processes):
            async with asyncio.timeout(2 * self._deadline_seconds):
                worker = await self._idle.get()
            if worker is not None:
                await worker.close()

    async def _say(self, sentence: str, *, voice: str, pace: float) -> tuple[list[SpokenWord], bytes]:
        """One sentence; a process that dies or hangs on it is replaced and the sentence tried once more."""
        if self._closed:
            raise VoiceFailed("espeak-ng was closed")
        request = json.dumps(
            {
                "text": sentence,
                "voice": voice,
                "words_per_minute": round(_WORDS_PER_MINUTE * pace),
                "pitch": self._pitch,
            }
        ).encode()
        reason = ""
        for _ in range(2):
            try:
                async with asyncio.timeout(self._deadline_seconds):
                    return await self._ask(request)
            except WorkerLost as error:
                reason = str(error)
            except TimeoutError:
                reason = f"no answer within {self._deadline_seconds:.0f} s"
        raise VoiceFailed(f"espeak-ng could not speak: {reason}")

    async def _ask(self, request: bytes) -> tuple[list[SpokenWord], bytes]:
        worker = await self._idle.get()
        keep: WorkerProcess | None = None
        try:
            if worker is None:
                worker = await WorkerProcess.start(module=_MODULE, arguments=[], name="espeak-ng")
                if (await worker.receive()).kind is not Kind.READY:
                    raise WorkerLost("espeak-ng: did not say READY")
            worker.send(Message(Kind.SAY, 0, request))
            answer = await worker.receive()
            keep = worker
        finally:
            # Given up half-way (cancelled, too slow, dead): its answer would be taken for the next one's.
            try:
                if keep is None and worker is not None:
                    worker.kill()
                    await asyncio.shield(worker.close())
            finally:
                self._idle.put_nowait(keep)
        if answer.kind is not Kind.CHUNK:
            raise VoiceFailed(answer.body.decode(errors="replace"))
        return _parsed(answer.body)


def _voice_of(lang: str) -> str:
    tag = lang.lower().replace("_", "-")
    voice = _VOICES.get(tag) or _VOICES.get(tag.partition("-")[0])
    if voice is None:
        raise ValueError(f"the embedded voice speaks English and Spanish, not {lang!r}")
    return voice


def _parsed(body: bytes) -> tuple[list[SpokenWord], bytes]:
    (length,) = struct.unpack_from("<I", body)
    words = [SpokenWord(word, start, end) for word, start, end in json.loads(body[4 : 4 + length])]
    return words, body[4 + length :]


def _chunks(words: list[SpokenWord], pcm: bytes, *, offset: float) -> list[SpeechChunk]:
    chunks: list[SpeechChunk] = []
    for place in range(0, len(pcm), _CHUNK_BYTES):
        until = (place + _CHUNK_BYTES) / 2 / SAMPLE_RATE
        last = place + _CHUNK_BYTES >= len(pcm)
        ready = [word for word in words if last or word.start_seconds < until]
        words = words[len(ready) :]
        moved = tuple(SpokenWord(w.word, w.start_seconds + offset, w.end_seconds + offset) for w in ready)
        chunks.append(SpeechChunk(pcm[place : place + _CHUNK_BYTES], moved))
    return chunks
