"""flite, a small English synthesiser found as a system library (Debian: libflite1), through ctypes.

Flite counts references without locks, so one thread does all the work; at a hundredth of real time nobody waits long.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import ctypes.util
import functools
import re
import threading
import unicodedata
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from pipelines.embedded.pronunciation import LetterToSound
from pipelines.embedded.sentences import PAUSE_SECONDS, split_sentences
from pipelines.embedded.voice import SAMPLE_RATE, SpeechChunk, SpokenWord, VoiceFailed

VOICES = ("slt", "rms", "awb", "kal16")
"""Voices of the Debian package: slt is a woman's, rms a man's, awb a Scotsman's, kal16 an old one."""

_CHUNK_SECONDS = 0.06
_KEPT_SILENCE_SECONDS = 0.03
_FIRST_AUDIO_SECONDS = 5.0
_STOP, _CONTINUE = -1, 0
_START_PATH = b"daughter1.R:SylStructure.daughter1.daughter1.R:Segment.p.end"
_END_PATH = b"daughtern.R:SylStructure.daughtern.daughtern.R:Segment.end"
_PHONES = {"ax": "AH", "axr": "ER", "ix": "IH", "el": "AH L", "em": "AH M", "en": "AH N", "dx": "T"}
_NOT_PHONES = frozenset({"pau", "ssil"})

Samples = npt.NDArray[np.int16]


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_int16)),
    )


class _StreamingInfo(ctypes.Structure):
    pass


_StreamCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(_Wave), ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.POINTER(_StreamingInfo)
)
_StreamingInfo._fields_ = (
    ("min_buffsize", ctypes.c_int),
    ("asc", _StreamCallback),
    ("utt", ctypes.c_void_p),
    ("item", ctypes.c_void_p),
    ("userdata", ctypes.c_void_p),
)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why flite or one of its voices cannot be used here, and what to do."""

    reason: str


class _Library:
    """libflite's functions with their types. Every call must come from the one thread of `_worker`."""

    def __init__(self, core: ctypes.CDLL, lexicon: ctypes.CDLL) -> None:
        self.core = core
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
            ("flite_init", ctypes.c_int, ()),
            ("new_utterance", pointer, ()),
            ("delete_utterance", None, (pointer,)),
            ("utt_set_input_text", ctypes.c_int, (pointer, text)),
            ("flite_do_synth", pointer, (pointer, pointer, pointer)),
            ("flite_feat_set", None, (pointer, text, pointer)),
            ("flite_feat_set_float", None, (pointer, text, ctypes.c_float)),
            ("new_audio_streaming_info", ctypes.POINTER(_StreamingInfo), ()),
            ("audio_streaming_info_val", pointer, (pointer,)),
            ("utt_relation", pointer, (pointer, text)),
            ("relation_head", pointer, (pointer,)),
            ("item_next", pointer, (pointer,)),
            ("item_daughter", pointer, (pointer,)),
            ("flite_ffeature_float", ctypes.c_float, (pointer, text)),
            ("flite_ffeature_string", text, (pointer, text)),
            ("lex_lookup", pointer, (pointer, text, text, pointer)),
            ("val_car", pointer, (pointer,)),
            ("val_cdr", pointer, (pointer,)),
            ("val_string", text, (pointer,)),
            ("delete_val", None, (pointer,)),
        ):
            function = getattr(core, name)
            function.restype, function.argtypes = result, arguments
        lexicon.cmu_lex_init.restype = pointer
        core.flite_init()
        self.lexicon = lexicon.cmu_lex_init()

    def features_of(self, utterance: int) -> int:
        """An utterance begins with a pointer to its features."""
        return ctypes.cast(utterance, ctypes.POINTER(ctypes.c_void_p))[0] or 0


@functools.cache
def _library() -> _Library | Unavailable:
    try:
        lexicon = _load("flite_cmulex")
        return _Library(_load("flite"), lexicon)
    except (OSError, AttributeError) as error:
        return Unavailable(f"flite is not installed ({error}); on Debian or Ubuntu: apt-get install libflite1")


@functools.cache
def _voice(name: str) -> int | Unavailable:
    library = _library()
    if isinstance(library, Unavailable):
        return library
    try:
        register = getattr(_load(f"flite_cmu_us_{name}"), f"register_cmu_us_{name}")
    except (OSError, AttributeError) as error:
        return Unavailable(f"flite's voice {name} is not installed ({error})")
    register.restype, register.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
    handle = register(None)
    return handle if handle else Unavailable(f"flite's voice {name} could not be loaded")


def _load(name: str) -> ctypes.CDLL:
    # The name with its version first: find_library starts compilers and linkers where it can.
    try:
        return ctypes.CDLL(f"lib{name}.so.1", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        found = ctypes.util.find_library(name)
        if found is None:
            raise
        return ctypes.CDLL(found, mode=ctypes.RTLD_GLOBAL)


@functools.cache
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="flite")


def unavailable(voice: str = "slt") -> Unavailable | None:
    """None where `voice` can speak, else why not."""
    handle = _worker().submit(_voice, voice).result()
    return handle if isinstance(handle, Unavailable) else None


def is_available(voice: str = "slt") -> bool:
    """Whether flite and `voice` are installed; `unavailable` gives the reason."""
    return unavailable(voice) is None


def letter_to_sound() -> LetterToSound | None:
    """flite's lexicon and letter-to-sound rules as a function, None where flite is missing."""
    if isinstance(_worker().submit(_library).result(), Unavailable):
        return None
    return lambda word: _worker().submit(_phones, word).result()


def _phones(word: str) -> tuple[str, ...]:
    library = _library()
    if isinstance(library, Unavailable):
        return ()
    found = library.core.lex_lookup(library.lexicon, _plain(word).encode("ascii"), None, None)
    phones: list[str] = []
    rest = found
    while rest:
        phone = re.sub(r"\d", "", library.core.val_string(library.core.val_car(rest)).decode())
        if phone not in _NOT_PHONES:
            phones.extend(_PHONES.get(phone, phone.upper()).split())
        rest = library.core.val_cdr(rest)
    if found:
        library.core.delete_val(found)
    return tuple(phones)


def _plain(text: str) -> str:
    """ASCII, which is all that flite reads."""
    text = text.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0x2014: ", ", 0x2013: "-", 0x2026: "."})
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().replace("\0", " ")


class FliteVoice:
    """An `EmbeddedVoice` for English. The object is cheap; library and thread are shared by the process."""

    def __init__(self, *, voice: str = "slt") -> None:
        self._voice = voice

    async def stream(self, text: str, *, lang: str = "en", pace: float = 1.0) -> AsyncIterator[SpeechChunk]:
        """See `EmbeddedVoice.stream`."""
        if not lang.lower().startswith("en"):
            raise ValueError(f"flite speaks English only, not {lang!r}")
        if not 0.5 <= pace <= 2.0:
            raise ValueError(f"pace must be between 0.5 and 2, not {pace}")
        offset = 0.0
        for sentence in split_sentences(text):
            begun = offset
            # A sentence is a job of its own, so that a long text does not keep other callers waiting.
            async for chunk in self._sentence(sentence, pace=pace):
                if begun and begun == offset:
                    yield SpeechChunk(bytes(2 * int(PAUSE_SECONDS * SAMPLE_RATE)))
                    begun, offset = begun + PAUSE_SECONDS, offset + PAUSE_SECONDS
                moved = (SpokenWord(w.word, w.start_seconds + begun, w.end_seconds + begun) for w in chunk.words)
                yield SpeechChunk(chunk.pcm, tuple(moved))
                offset += chunk.seconds

    async def _sentence(self, text: str, *, pace: float) -> AsyncIterator[SpeechChunk]:
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[SpeechChunk | None] = asyncio.Queue()
        stop = threading.Event()

        def hand_over(chunk: SpeechChunk | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)

        job = loop.run_in_executor(_worker(), _speak, self._voice, text, pace, hand_over, stop)
        try:
            while True:
                async with asyncio.timeout(_FIRST_AUDIO_SECONDS):
                    chunk = await chunks.get()
                if chunk is None:
                    break
                yield chunk
            await job
        except TimeoutError as error:
            raise VoiceFailed(f"flite gave no audio for {_FIRST_AUDIO_SECONDS:.0f} s") from error
        finally:
            stop.set()

    async def aclose(self) -> None:
        """Nothing to release: the thread belongs to the process."""


def synthesise(text: str, *, voice: str = "slt", sample_rate: int = SAMPLE_RATE) -> Samples:
    """All of `text` as samples, for fitting and measuring. Blocks; not for a call.

    Raises:
        VoiceFailed: flite or the voice is missing.
    """
    parts: list[bytes] = []

    def collect(chunk: SpeechChunk | None) -> None:
        if chunk is not None:
            parts.append(chunk.pcm)

    _worker().submit(_speak, voice, text, 1.0, collect, threading.Event(), sample_rate).result()
    return np.frombuffer(b"".join(parts), np.int16)


def _speak(
    voice: str,
    text: str,
    pace: float,
    emit: Callable[[SpeechChunk | None], None],
    stop: threading.Event,
    sample_rate: int = SAMPLE_RATE,
) -> None:
    """In flite's thread: synthesises `text`, handing chunks to `emit`, None at the end."""
    try:
        library, handle = _library(), _voice(voice)
        if isinstance(library, Unavailable) or isinstance(handle, Unavailable):
            reason = handle.reason if isinstance(handle, Unavailable) else "flite is not installed"
            raise VoiceFailed(reason)
        plain = _plain(text)
        if not stop.is_set() and re.search(r"[A-Za-z0-9]", plain):
            _Synthesis(library, emit=emit, stop=stop, sample_rate=sample_rate).run(handle, text=plain, pace=pace)
    finally:
        emit(None)


class _Synthesis:
    """One text on its way: cuts the silence at both ends, halves the rate, sends the words with their audio."""

    def __init__(
        self,
        library: _Library,
        *,
        emit: Callable[[SpeechChunk | None], None],
        stop: threading.Event,
        sample_rate: int,
    ) -> None:
        self._rate = sample_rate
        self._library = library
        self._emit = emit
        self._stop = stop
        self._words: list[SpokenWord] | None = None
        self._skip = 0
        self._left = 0
        self._sent_samples = 0
        self._buffer: list[Samples] = []
        self._resampler: soxr.ResampleStream | None = None
        self._error: Exception | None = None

    def run(self, handle: int, *, text: str, pace: float) -> None:
        core = self._library.core
        callback = _StreamCallback(self._take)
        info = core.new_audio_streaming_info()
        info.contents.min_buffsize = 800
        info.contents.asc = callback
        utterance = core.new_utterance()
        core.utt_set_input_text(utterance, text.encode("ascii"))
        features = self._library.features_of(utterance)
        # On the utterance, not on the voice: the utterance owns it and frees it with itself.
        core.flite_feat_set(features, b"streaming_info", core.audio_streaming_info_val(info))
        core.flite_feat_set_float(features, b"duration_stretch", 1.0 / pace)
        done = core.flite_do_synth(utterance, handle, ctypes.cast(core.utt_synth, ctypes.c_void_p))
        if not done:
            raise VoiceFailed("flite could not synthesise this text")
        core.delete_utterance(done)
        if self._error is not None:
            raise VoiceFailed(f"flite's audio could not be handed on: {self._error}") from self._error

    def _take(self, wave: object, start: int, size: int, last: int, info: object) -> int:
        """Called by flite with each stretch of audio; must not raise."""
        try:
            if self._stop.is_set():
                return _STOP
            self._collect(wave, start, size, bool(last), info)
        except Exception as error:  # noqa: BLE001 - a C function called us: the error is raised after it has returned
            self._error = error
            return _STOP
        return _CONTINUE

    def _collect(self, wave: object, start: int, size: int, last: bool, info: object) -> None:
        sound: _Wave = wave.contents  # pyright: ignore
        if self._words is None:
            self._plan(info.contents.utt, rate=sound.sample_rate)  # pyright: ignore
        samples = np.ctypeslib.as_array(sound.samples, shape=(start + size,))[start:].copy() if size else None
        if samples is not None:
            skipped = min(self._skip, len(samples))
            self._skip -= skipped
            samples = samples[skipped:][: max(0, self._left)]
            self._left -= len(samples)
            if len(samples):
                self._buffer.append(samples)
        if last or sum(map(len, self._buffer)) >= _CHUNK_SECONDS * sound.sample_rate:
            self._send(last=last)

    def _send(self, *, last: bool) -> None:
        if self._resampler is None:
            return
        samples = np.concatenate(self._buffer) if self._buffer else np.zeros(0, np.int16)
        self._buffer.clear()
        pcm = self._resampler.resample_chunk(samples, last=last)
        until = (self._sent_samples + len(pcm)) / self._rate
        words = self._words or []
        ready = tuple(word for word in words if last or word.start_seconds <= until)
        self._words = words[len(ready) :]
        self._sent_samples += len(pcm)
        if len(pcm) or ready:
            self._emit(SpeechChunk(pcm.tobytes(), ready))

    def _plan(self, utterance: int, *, rate: int) -> None:
        """Reads the words' times, which flite knows before the first sample, and sets where to cut."""
        words = self._token_times(utterance)
        begin = max(0.0, (words[0].start_seconds if words else 0.0) - _KEPT_SILENCE_SECONDS)
        end = words[-1].end_seconds + 2 * _KEPT_SILENCE_SECONDS if words else 3600.0
        self._skip = int(begin * rate)
        self._left = int((end - begin) * rate)
        self._words = [SpokenWord(w.word, w.start_seconds - begin, w.end_seconds - begin) for w in words]
        self._resampler = soxr.ResampleStream(rate, self._rate, 1, dtype="int16", quality="HQ")

    def _token_times(self, utterance: int) -> list[SpokenWord]:
        """Words as they were written, with their punctuation."""
        core = self._library.core
        token = core.relation_head(core.utt_relation(utterance, b"Token"))
        words: list[SpokenWord] = []
        while token:
            if core.item_daughter(token):
                parts = [core.flite_ffeature_string(token, name) for name in (b"prepunctuation", b"name", b"punc")]
                written = "".join(part.decode() for part in parts if part and part != b"0")
                start = core.flite_ffeature_float(token, _START_PATH)
                end = core.flite_ffeature_float(token, _END_PATH)
                if end > start:
                    words.append(SpokenWord(written, start, end))
            token = core.item_next(token)
        return words
