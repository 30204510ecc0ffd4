"""The process in which espeak-ng speaks. It is GPL software, so nothing else of this project is in its process.

Run as `python -m pipelines.embedded.espeak_worker`. A SAY message holds JSON {"text", "voice", "words_per_minute",
"pitch"}; the answer is one CHUNK: four bytes of length, JSON words [[word, start, end] …], PCM at 8 kHz; or FAILED with
a reason. Leaves when its input ends.
"""

from __future__ import annotations

import ctypes
import json
import re
import struct
import sys
from typing import Any, BinaryIO

import espeakng_loader  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import numpy.typing as npt
import soxr

from pipelines.embedded.worker_protocol import HEAD, Kind, Message, parse_head

OUT_RATE = 8000
_SYNCHRONOUS, _BUFFER_MS = 2, 60
_UTF8, _CHARACTER_POSITIONS = 1, 1
_RATE, _VOLUME, _PITCH = 1, 2, 3
_HALF_VOLUME = 50  # the default of 100 clips
_LIST_END, _WORD = 0, 1
_QUIET = 120
_KEPT_SECONDS = 0.03

Samples = npt.NDArray[np.int16]


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int16), ctypes.c_int, ctypes.POINTER(_Event))


class SpeakError(RuntimeError):
    """espeak-ng refused a voice or a text."""


class Speaker:
    """espeak-ng's one global synthesiser."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        path = espeakng_loader.get_data_path().encode()
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, path, 0)
        if self._rate <= 0:
            raise SpeakError(f"espeak-ng could not be initialised with {path.decode()}")
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        self._audio: list[Samples] = []
        self._marks: list[tuple[int, float]] = []
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_SetParameter(_VOLUME, _HALF_VOLUME, 0)
        self._voice = ""

    def say(self, text: str, *, voice: str, words_per_minute: int, pitch: int) -> tuple[list[Any], bytes]:
        """Words with start and end in seconds, and PCM at 8 kHz without silence at its ends.

        Raises:
            SpeakError: unknown voice, or no synthesis.
        """
        if voice != self._voice:
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise SpeakError(f"espeak-ng has no voice {voice!r}")
            self._voice = voice
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._audio.clear()
        self._marks.clear()
        data = text.replace("\0", " ").encode()
        if self._library.espeak_Synth(data, len(data) + 1, 0, _CHARACTER_POSITIONS, 0, _UTF8, None, None) != 0:
            raise SpeakError("espeak-ng could not synthesise this text")
        return self._finished(text)

    def _take(self, wave: Any, count: int, events: Any) -> int:
        index = 0
        while events[index].type != _LIST_END:
            event = events[index]
            if event.type == _WORD:
                self._marks.append((event.text_position - 1, event.audio_position / 1000))
            index += 1
        if wave and count > 0:
            self._audio.append(np.ctypeslib.as_array(wave, shape=(count,)).copy())
        return 0

    def _finished(self, text: str) -> tuple[list[Any], bytes]:
        wide = np.concatenate(self._audio) if self._audio else np.zeros(0, np.int16)
        audio: Samples = soxr.resample(wide, self._rate, OUT_RATE) if len(wide) else wide
        loud = np.flatnonzero(np.abs(audio.astype(np.int32)) > _QUIET)
        if not len(loud):
            return [], b""
        kept = int(_KEPT_SECONDS * OUT_RATE)
        begin, end = max(0, int(loud[0]) - kept), min(len(audio), int(loud[-1]) + kept)
        return self._words(text, begin=begin / OUT_RATE, end=end / OUT_RATE), audio[begin:end].tobytes()

    def _words(self, text: str, *, begin: float, end: float) -> list[Any]:
        """Words as they were written; each begins with its first mark and reaches to the next one's."""
        starts: dict[tuple[int, int], float] = {}
        spans = [match.span() for match in re.finditer(r"\S+", text)]
        for place, start in self._marks:
            # The first mark may point at the text's very beginning; later ones lie within their word.
            span = next((span for span in spans if place < span[1]), None)
            if span is not None:
                starts.setdefault(span, start)
        until = [*list(starts.values())[1:], end]
        return [
            [text[slice(*span)], max(0.0, start - begin), max(0.0, min(stop, end) - begin)]
            for (span, start), stop in zip(starts.items(), until, strict=True)
        ]


def serve(speaker: Speaker, *, source: BinaryIO, sink: BinaryIO) -> None:
    """Answers SAY messages until `source` ends."""
    while len(head := source.read(HEAD.size)) == HEAD.size:
        _, number, length = parse_head(head)
        request = json.loads(source.read(length))
        try:
            words, pcm = speaker.say(
                request["text"],
                voice=request["voice"],
                words_per_minute=request["words_per_minute"],
                pitch=request["pitch"],
            )
            words_json = json.dumps(words).encode()
            answer = Message(Kind.CHUNK, number, struct.pack("<I", len(words_json)) + words_json + pcm)
        except SpeakError as error:
            answer = Message(Kind.FAILED, number, str(error).encode())
        sink.write(answer.to_bytes())
        sink.flush()


def main() -> None:
    """Loads espeak-ng, says READY, serves."""
    sink = sys.stdout.buffer
    speaker = Speaker()
    sink.write(Message(Kind.READY, 0).to_bytes())
    sink.flush()
    serve(speaker, source=sys.stdin.buffer, sink=sink)


if __name__ == "__main__":
    main()
