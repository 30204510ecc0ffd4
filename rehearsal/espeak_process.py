"""Speaks one text with espeak-ng into a WAV file: `python -m rehearsal.espeak_process VOICE FILE TEXT`.

espeak-ng is GPL, so it is only ever loaded here, in a process of its own.
"""

from __future__ import annotations

import ctypes
import sys
import wave

import espeakng_loader

_RETRIEVAL, _POSITION_CHARACTER, _UTF8 = 1, 1, 1


def speak(voice: str, path: str, text: str) -> None:
    """Write the spoken text as mono 16-bit WAV.

    Raises:
        RuntimeError: espeak-ng could not start or does not know the voice.
    """
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate <= 0:
        raise RuntimeError("espeak-ng did not start")
    pieces: list[bytes] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))  # type: ignore[arg-type]
        return 0

    library.espeak_SetSynthCallback(take)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise RuntimeError(f"espeak-ng has no voice {voice!r}")
    data = text.encode() + b"\0"
    library.espeak_Synth(data, len(data), 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    with wave.open(path, "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", "NONE"))
        out.writeframes(b"".join(pieces))


if __name__ == "__main__":
    speak(sys.argv[1], sys.argv[2], sys.argv[3])
