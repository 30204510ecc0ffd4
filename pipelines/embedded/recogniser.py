"""Hearing without an account: a pool of pocketsphinx processes, several callers in each. US English only.

Trust it with synthetic and prompt-like telephone speech in the playbook's words; with ordinary people on the phone
40-75 % of the words come out wrong. Say so wherever it is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from pipelines.embedded.language_model import LanguageModel
from pipelines.embedded.recogniser_worker import IN_RATE, WorkerOptions
from pipelines.embedded.telephone_transform import TelephoneTransform
from pipelines.embedded.worker_process import WorkerLost, WorkerProcess
from pipelines.embedded.worker_protocol import Kind, Message

STREAMS_PER_CORE = 6
"""0.1 of a core a stream while the caller speaks (facts of the bench), with room for the rest of the server."""

IN_DOMAIN_LOG_PROB = -2.8
"""Mean log10 probability a word in the domain's model above which a text passes for the playbook's subject.

Measured on recognised flite speech (76 held-out sentences, 60 out-of-scope ones of clinc150): keeps 95 % of the
first and turns 67 % of the second away; AUC 0.92.
"""

_MODULE = "pipelines.embedded.recogniser_worker"
_BYTES_PER_SECOND = 2 * IN_RATE


class RecogniserFull(RuntimeError):
    """All streams are taken: the caller needs another recogniser or another worker machine."""


class RecogniserLost(RuntimeError):
    """The process that listened to this stream died or hung; what was said in this utterance is lost."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word and its place, in seconds from the first sample fed after `start_utterance`."""

    word: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A finished utterance. `domain_log_prob`: mean log10 probability a word in the domain's model, 0 for no words."""

    text: str
    words: tuple[HeardWord, ...]
    domain_log_prob: float

    @property
    def in_domain(self) -> bool:
        """False: rather ask again than trust the words. Silence counts as False."""
        return bool(self.words) and self.domain_log_prob >= IN_DOMAIN_LOG_PROB


@dataclass(frozen=True, slots=True)
class RecogniserOptions:
    """`batch_seconds`: audio gathered before it is sent to a worker; `backlog_seconds`: audio that may wait for one."""

    max_streams: int = STREAMS_PER_CORE * max(1, min(os.cpu_count() or 1, 16))
    workers: int = max(1, min(os.cpu_count() or 1, 16))
    interim_seconds: float = 0.3
    batch_seconds: float = 0.08
    backlog_seconds: float = 30.0
    start_seconds: float = 30.0
    finish_seconds: float = 5.0


class RecogniserStream:
    """One caller. `start_utterance`, `feed` … and `finish`, again and again; `close` gives the place back.

    For one task at a time. Any method raises RecogniserLost once the process is gone; open another stream then.
    """

    def __init__(self, worker: _Worker, *, number: int, pool: RecogniserPool) -> None:
        self._worker = worker
        self._number = number
        self._pool = pool
        self._pending = bytearray()
        self._final: asyncio.Future[Heard] | None = None
        self._closed = False
        self.on_interim: Callable[[str], None] | None = None
        """Called in the event loop with each new interim text of the current utterance."""

    def start_utterance(self) -> None:
        """Begins to listen; an unfinished utterance is dropped."""
        self._send(Kind.START)
        self._pending.clear()

    def feed(self, pcm: bytes) -> None:
        """Takes 8 kHz 16-bit mono PCM of any length; never waits. Audio outside an utterance is ignored.

        Raises:
            RecogniserLost: the process is gone, or so far behind that it has to be given up.
        """
        self._pending += pcm
        if len(self._pending) >= self._pool.options.batch_seconds * _BYTES_PER_SECOND:
            self._flush()
            backlog = self._worker.backlog_seconds()
            if backlog > self._pool.options.backlog_seconds:
                self._worker.give_up(f"{backlog:.0f} s of audio wait to be heard")

    async def finish(self) -> Heard:
        """Ends the utterance and waits for its words. Cancelling is safe: the utterance is lost, the stream is not.

        Raises:
            RecogniserLost: the process died or did not answer in time.
        """
        self._flush()
        self._final = asyncio.get_running_loop().create_future()
        self._worker.expect(self._number, self._final)
        self._send(Kind.FINISH)
        try:
            async with asyncio.timeout(self._pool.options.finish_seconds):
                return await self._final
        except TimeoutError:
            reason = f"no answer within {self._pool.options.finish_seconds:.0f} s"
            self._worker.give_up(reason)
            raise RecogniserLost(f"the recogniser was given up: {reason}") from None

    def close(self) -> None:
        """Gives the place back; may be called twice and after a loss."""
        if not self._closed:
            self._closed = True
            self._worker.release(self._number)

    def _flush(self) -> None:
        if self._pending:
            self._send(Kind.AUDIO, bytes(self._pending))
            self._pending.clear()

    def _send(self, kind: Kind, body: bytes = b"") -> None:
        if self._closed:
            raise RecogniserLost("this stream was closed")
        self._worker.send(Message(kind, self._number, body))

    def _interim(self, text: str) -> None:
        if self.on_interim is not None:
            self.on_interim(text)


@dataclass(slots=True)
class _Worker:
    """One process's life, from its start to its loss; a new one takes its slot afterwards."""

    process: WorkerProcess
    places: int
    score: Callable[[str], float]
    streams: dict[int, RecogniserStream] = field(default_factory=dict[int, RecogniserStream])
    expected: dict[int, list[asyncio.Future[Heard]]] = field(default_factory=dict[int, "list[asyncio.Future[Heard]]"])
    lost: str | None = None

    def free(self) -> int:
        return 0 if self.lost else self.places - len(self.streams)

    def open(self, pool: RecogniserPool) -> RecogniserStream:
        number = next(index for index in range(self.places) if index not in self.streams)
        stream = RecogniserStream(self, number=number, pool=pool)
        self.streams[number] = stream
        self.send(Message(Kind.OPEN, number))
        return stream

    def release(self, number: int) -> None:
        self.streams.pop(number, None)
        if not self.lost:
            self.send(Message(Kind.CLOSE, number))

    def expect(self, number: int, final: asyncio.Future[Heard]) -> None:
        if self.lost is None:
            self.expected.setdefault(number, []).append(final)

    def send(self, message: Message) -> None:
        if self.lost:
            raise RecogniserLost(f"the recogniser's process is gone: {self.lost}")
        self.process.send(message)

    def backlog_seconds(self) -> float:
        return self.process.unsent_bytes() / _BYTES_PER_SECOND

    def give_up(self, reason: str) -> None:
        self.fail(reason)
        self.process.kill()

    def fail(self, reason: str) -> None:
        self.lost = self.lost or reason
        waiting = [final for finals in self.expected.values() for final in finals]
        self.expected.clear()
        for final in waiting:
            if not final.done():
                final.set_exception(RecogniserLost(f"the recogniser's process is gone: {reason}"))

    async def listen(self) -> None:
        """Hands answers on until the process is lost."""
        try:
            while True:
                self._handle(await self.process.receive())
        except WorkerLost as error:
            self.fail(str(error))

    def _handle(self, message: Message) -> None:
        if message.kind is Kind.PARTIAL:
            stream = self.streams.get(message.number)
            if stream is not None:
                stream._interim(json.loads(message.body)["text"])
        elif message.kind is Kind.FINAL and self.expected.get(message.number):
            # One answer for each question, in their order: a cancelled question's answer is dropped here.
            final = self.expected[message.number].pop(0)
            if not final.done():
                final.set_result(self._heard(message.body))

    def _heard(self, body: bytes) -> Heard:
        content = json.loads(body)
        words = tuple(HeardWord(word, start, end) for word, start, end in content["words"])
        return Heard(content["text"], words, self.score(content["text"]))


class RecogniserPool:
    """`async with RecogniserPool(model) as pool: stream = pool.open_stream()`. Leaving ends all its processes."""

    def __init__(self, model: LanguageModel, *, options: RecogniserOptions | None = None) -> None:
        self.options = options or RecogniserOptions()
        self._model = model
        self._slots: list[_Worker | None] = [None] * min(self.options.workers, self.options.max_streams)
        self._runner: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Starts the processes and waits until all have loaded their models.

        Raises:
            RecogniserLost: one of them ended or was not ready in time.
        """
        started = [asyncio.get_running_loop().create_future() for _ in self._slots]
        self._runner = asyncio.create_task(self._run(started), name="recogniser-pool")
        try:
            async with asyncio.timeout(self.options.start_seconds):
                await asyncio.gather(*started)
        except (TimeoutError, WorkerLost) as error:
            await self.__aexit__(None, None, None)
            raise RecogniserLost(f"the embedded recogniser did not start: {error or 'timed out'}") from error
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(asyncio.gather(self._runner, return_exceptions=True))

    @property
    def free_streams(self) -> int:
        """How many more callers can be listened to now."""
        return sum(worker.free() for worker in self._slots if worker)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The living workers' process ids, for tests and doctor."""
        return tuple(worker.process.pid for worker in self._slots if worker and not worker.lost)

    def open_stream(self) -> RecogniserStream:
        """A place in the least busy process.

        Raises:
            RecogniserFull: none is free.
        """
        if not self.process_ids:
            raise RecogniserFull("no process of the embedded recogniser runs just now, one is being started")
        alive = [worker for worker in self._slots if worker and worker.free()]
        if not alive:
            raise RecogniserFull(f"the embedded recogniser serves {self.options.max_streams} callers, all are taken")
        return max(alive, key=lambda worker: worker.free()).open(self)

    async def _run(self, started: list[asyncio.Future[None]]) -> None:
        async with asyncio.TaskGroup() as group:
            for slot, future in enumerate(started):
                group.create_task(self._keep(slot, future))

    async def _keep(self, slot: int, started: asyncio.Future[None]) -> None:
        """Keeps one slot filled: a lost process is replaced, at most twice a second."""
        while True:
            try:
                await self._live(slot, started)
            except WorkerLost as error:
                if not started.done():
                    started.set_exception(error)
            await asyncio.sleep(0.5)

    async def _live(self, slot: int, started: asyncio.Future[None]) -> None:
        places = len(range(slot, self.options.max_streams, len(self._slots)))
        process = await WorkerProcess.start(
            module=_MODULE, arguments=[self._worker_options(places).to_json()], name=f"recogniser {slot + 1}"
        )
        worker: _Worker | None = None
        try:
            async with asyncio.timeout(self.options.start_seconds):
                first = await process.receive()
            if first.kind is not Kind.READY:
                raise WorkerLost(f"recogniser {slot + 1}: said {first.kind!r} instead of READY")
            worker = _Worker(process, places=places, score=self._model.domain_log_prob)
            self._slots[slot] = worker
            if not started.done():
                started.set_result(None)
            await worker.listen()
        except TimeoutError as error:
            raise WorkerLost(f"recogniser {slot + 1}: not ready in {self.options.start_seconds:.0f} s") from error
        finally:
            self._slots[slot] = None
            if worker is not None:
                worker.fail("it is being shut down")
            await process.close()

    def _worker_options(self, streams: int) -> WorkerOptions:
        transform = TelephoneTransform.load()
        return WorkerOptions(
            lm_path=str(self._model.lm_path.resolve()),
            dict_path=str(self._model.dict_path.resolve()),
            transform_path=str(transform.path.resolve()),
            cepstral_mean=transform.cepstral_mean,
            streams=streams,
            interim_seconds=self.options.interim_seconds,
        )
