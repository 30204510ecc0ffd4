"""Smart Turn: whether the melody of a caller's speech says that the turn is over. One model on one thread for all.

Words come first (`bot/analysis/turn_end.py`); this is asked where they leave it unclear.

Measured on 64 recorded English and Spanish sentences at 8 kHz mu-law, whole and cut three times each (192: at 45 %, at
70 %, at their quietest place), as the area under the curve and, above 0.95, cut ones taken for whole / whole found:
0.1 s of silence behind an earlier sentence 0.90, 3 % / 31 %; 0.2 s so 0.90, 5 % / 45 %; 0.25 s behind nothing 0.83,
16 % / 66 %. So ask early, and leave the caller's earlier words in the ring. Below 0.1 after 0.2 s: 61 % of the cut and
6 % of the whole. At a pause between phrases it knows little (0.85).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import as_file, files
from typing import Protocol, cast

import numpy as np
import onnxruntime
from loguru import logger
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

HEARD_SECONDS = 8.0
"""What the model hears at most; anything before that changes nothing."""

DEADLINE_SECONDS = 0.4
"""A judgement that comes later than this is of no use: silence alone has decided by then."""

WAITING = 2
"""Judgements that may wait for the one under way."""

_RATE = 8000
_HEARD_SAMPLES = round(HEARD_SECONDS * _RATE)
_HEARD_BYTES = 2 * _HEARD_SAMPLES
_MODEL_FILE = ("pipecat.audio.turn.smart_turn.data", "smart-turn-v3.2-cpu.onnx")

_WINDOW = 200
_HOP = 80
_BINS = _WINDOW // 2 + 1
_BANDS = 80
_PIECE = 32
"""Frames: 32 · 101 · 80 multiplications stay below OpenBLAS's 2**18, from which on it uses several threads."""
_TOP_HERTZ = 8000.0
_EDGE_DECIBELS = (-0.1, -0.7, -2.9, -8.0, -17.5, -33.2, -59.4, -136.0)
"""What a resampler (soxr's HQ, which pipecat puts before the model) leaves of 3720, 3760 … 4000 Hz."""


class MelodyModel(Protocol):
    """What judges melody. Called on one thread, one call at a time."""

    def probability(self, pcm16: bytes) -> float:
        """That the turn is over, 0..1, from up to 8 s of 16-bit samples at 8 kHz that end with the present silence."""
        ...


class SmartTurn:
    """Smart Turn v3.2 in the file that pipecat ships: one ONNX session on the calling thread, 8.7 MB on disk.

    Raises on construction: OSError or ModuleNotFoundError where the file is missing, onnxruntime's own errors where
    it is not a model.
    """

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1
        package, name = _MODEL_FILE
        with as_file(files(package).joinpath(name)) as path:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), sess_options=options, providers=["CPUExecutionProvider"]
            )

    def probability(self, pcm16: bytes) -> float:
        """That the turn is over, 0..1. 50 to 100 ms of a core whatever the length, 2 of them for the features."""
        outputs = self._session.run(None, {"input_features": log_mel(pcm16)[np.newaxis]})
        return float(cast("NDArray[np.float32]", outputs[0])[0, 0])


def log_mel(pcm16: bytes) -> NDArray[np.float32]:
    """Whisper's log-mel features of the last 8 s, shape (80, 800), silence standing before what is shorter.

    `pcm16` holds 16-bit samples at 8 kHz. The model knows 16 kHz, but 25 ms of either rate have the same spectrum up
    to 4 kHz, bin for bin, and nothing stands above: so nothing is resampled, and half the work falls away.
    Parameters are those of OpenAI's Whisper (`whisper/audio.py`) on a signal of zero mean and unit variance.
    """
    heard = np.frombuffer(pcm16[-_HEARD_BYTES:], dtype=np.int16)
    wave = np.zeros(_HEARD_SAMPLES, dtype=np.float32)
    wave[_HEARD_SAMPLES - len(heard) :] = heard
    wave *= np.float32(1 / 32768)
    wave -= wave.mean()
    wave /= np.sqrt(wave.var() + np.float32(1e-7))
    hann, filters = _analysis()
    windows = sliding_window_view(np.pad(wave, _WINDOW // 2, mode="reflect"), _WINDOW)[:-1:_HOP]
    spectrum = np.fft.rfft(windows * hann)
    power = spectrum.real**2 + spectrum.imag**2
    # In pieces too small for the matrix library to wake threads of its own, which spin on cores that calls need.
    mel = (power.reshape(-1, _PIECE, _BINS) @ filters.T).reshape(-1, _BANDS).T
    mel = np.log10(np.maximum(mel, np.float32(1e-10)))
    np.maximum(mel, mel.max() - np.float32(8.0), out=mel)
    return np.ascontiguousarray((mel + np.float32(4.0)) / np.float32(4.0))


@cache
def _analysis() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The window (200,) and the mel filters (80, 101) up to 4 kHz.

    Half the samples make half the amplitude, so the window is twice as high as at 16 kHz.
    """
    hann = 2.0 * np.hanning(_WINDOW + 1)[:-1]
    hertz = _hertz(np.linspace(0.0, _mel_of_top(), _BANDS + 2))
    bins = np.arange(_BINS) * (_RATE / _WINDOW)
    rising = (bins - hertz[:-2, np.newaxis]) / np.diff(hertz)[:-1, np.newaxis]
    falling = (hertz[2:, np.newaxis] - bins) / np.diff(hertz)[1:, np.newaxis]
    area = (2.0 / (hertz[2:] - hertz[:-2]))[:, np.newaxis]
    filters = np.maximum(0.0, np.minimum(rising, falling)) * area
    filters[:, -len(_EDGE_DECIBELS) :] *= 10.0 ** (np.array(_EDGE_DECIBELS) / 10.0)
    return hann.astype(np.float32), filters.astype(np.float32)


def _mel_of_top() -> float:
    """The highest frequency on Slaney's mel scale: straight up to 1 kHz, logarithmic above."""
    return 15.0 + 27.0 * float(np.log(_TOP_HERTZ / 1000.0) / np.log(6.4))


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mels in hertz."""
    return np.where(mels < 15.0, mels * (200.0 / 3.0), 1000.0 * np.exp((mels - 15.0) * (np.log(6.4) / 27.0)))


class TurnMelody:
    """The judgement for all calls: never a queue, never late, and absent rather than wrong.

    Made by `open_turn_melody`.
    """

    def __init__(self, load: Callable[[], MelodyModel]) -> None:
        self._model: MelodyModel | None = None
        self._places = threading.BoundedSemaphore(1 + WAITING)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="turn-melody")
        self._open = True
        self._loading = self._thread.submit(self._load, load)

    async def judge(self, pcm16: bytes) -> float | None:
        """The probability that the turn is over, or None where there is no judgement in time.

        `pcm16`: the caller's last sound, 16-bit samples at 8 kHz, ending with the present silence; only its last 8 s
        count. None at once while the model loads, where there is none, or where others wait already; None after
        `DEADLINE_SECONDS`. Cancelling is safe and gives up the place. Raises ValueError for half a sample.
        """
        if len(pcm16) % 2:
            raise ValueError(f"expected 16-bit samples, got {len(pcm16)} bytes")
        model = self._model
        if not (self._open and model and pcm16 and self._places.acquire(blocking=False)):
            return None
        judgement = self._thread.submit(self._probability, model, pcm16)
        # By its own callback: a judgement given up while it runs holds its place until the thread is free again.
        judgement.add_done_callback(self._free_place)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await asyncio.wrap_future(judgement)
        except TimeoutError:
            return None

    async def loaded(self) -> bool:
        """Wait until the model is there (True) or is known to be missing (False). Cancelling is safe."""
        await asyncio.shield(asyncio.wrap_future(self._loading))
        return self._model is not None

    async def close(self) -> None:
        """Take no more judgements, finish those that were taken, and end the thread; the loop goes on meanwhile."""
        self._open = False
        await asyncio.to_thread(self._thread.shutdown)

    def _load(self, load: Callable[[], MelodyModel]) -> None:
        try:
            model = load()
            # The first run is slower than all later ones.
            model.probability(bytes(_HEARD_BYTES))
        except Exception as error:  # noqa: BLE001 - the boundary of the model: calls go on without it
            logger.warning(f"no judgement of melody, turns end by words and silence: {type(error).__name__}: {error}")
            return
        self._model = model

    def _probability(self, model: MelodyModel, pcm16: bytes) -> float | None:
        try:
            return model.probability(pcm16)
        except Exception as error:  # noqa: BLE001 - the boundary of the model: calls go on without it
            logger.warning(f"judging melody failed and is given up until a restart: {type(error).__name__}: {error}")
            self._model = None
            return None

    def _free_place(self, _: Future[float | None]) -> None:
        self._places.release()


@asynccontextmanager
async def open_turn_melody(load: Callable[[], MelodyModel] = SmartTurn) -> AsyncIterator[TurnMelody]:
    """The judgement of melody for a process; loads behind the start-up, on its own thread, and ends with the block."""
    melody = TurnMelody(load)
    try:
        yield melody
    finally:
        await melody.close()


class LastSeconds:
    """The last 8 s of one call's sound: a ring of 16-bit samples at 8 kHz. An append copies its piece and no more."""

    __slots__ = ("_filled", "_next", "_ring")

    def __init__(self) -> None:
        self._ring = bytearray(_HEARD_BYTES)
        self._next = 0
        self._filled = 0

    def append(self, pcm16: bytes) -> None:
        """Add whole 16-bit samples; of more than 8 s the last ones. Raises ValueError for half a sample."""
        size = len(pcm16)
        if size % 2:
            raise ValueError(f"expected 16-bit samples, got {size} bytes")
        if size > _HEARD_BYTES:
            pcm16, size = pcm16[-_HEARD_BYTES:], _HEARD_BYTES
        start = self._next
        first = min(size, _HEARD_BYTES - start)
        self._ring[start : start + first] = pcm16[:first]
        if first < size:
            self._ring[: size - first] = pcm16[first:]
        self._next = (start + size) % _HEARD_BYTES
        self._filled = min(self._filled + size, _HEARD_BYTES)

    def last(self, seconds: float = HEARD_SECONDS) -> bytes:
        """The last `seconds` of what was added since the beginning or `clear`, oldest first; less where it is less."""
        size = min(2 * max(0, round(seconds * _RATE)), self._filled)
        start = self._next - size
        if start >= 0:
            return bytes(self._ring[start : self._next])
        return bytes(self._ring[start:]) + bytes(self._ring[: self._next])

    def clear(self) -> None:
        """Forget it all."""
        self._next = 0
        self._filled = 0
