"""Synthesised speech on disk, one file a sentence: bounded, written whole or not at all, checked when read."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import tempfile
import zlib
from pathlib import Path
from typing import IO, cast

from loguru import logger

from pipelines.speech_cache import CachedSpeech

DISK_BYTES = 256 * 1024 * 1024
_MAGIC = b"NGXSPCH1"
_HEADER = struct.Struct(">8sIII")  # magic, bytes of the words, bytes of the sound, CRC-32 of both
_SUFFIX = ".speech"
_ROOM = 0.9
"""How full the folder is left by clearing out, so that not every new file clears again."""


class SpeechFiles:
    """A folder of sounds. Its methods block and are for one thread at a time; other processes may use the folder."""

    def __init__(self, folder: Path, *, limit_bytes: int = DISK_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._bytes: int | None = None
        self._claim: IO[bytes] | None = None

    def load(self, key: str) -> CachedSpeech | None:
        """The sound kept as `key`; a file that is damaged is removed and counts as none."""
        path = self._path(key)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("a file of the speech cache cannot be read: {}", type(error).__name__)
            return None
        try:
            speech = _decoded(raw)
        except ValueError:
            logger.warning("a file of the speech cache is damaged and was removed")
            path.unlink(missing_ok=True)
            return None
        try:
            os.utime(path)  # What was used last is cleared out last.
        except OSError:
            return speech
        return speech

    def save(self, key: str, speech: CachedSpeech) -> None:
        """Keep a sound as `key`, clearing out what was used longest ago where the folder is full.

        Raises:
            OSError: the folder cannot be written.
        """
        raw = _encoded(speech)
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            os.replace(name, self._path(key))
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        self._bytes = self._size() if self._bytes is None else self._bytes + len(raw)
        if self._bytes > self._limit:
            self._clear_out()

    def claim(self) -> bool:
        """Whether this process is the one that fills the folder; among several on one machine only one is.

        Raises:
            OSError: the folder cannot be written.
        """
        if self._claim is not None:
            return True
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / ".lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        except OSError as error:
            # Some network drives know no locks: better filled twice than never.
            logger.debug("the speech cache's folder cannot be locked: {}", type(error).__name__)
        self._claim = file
        return True

    def close(self) -> None:
        """Let another process fill the folder. Idempotent."""
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Time of last use, size and path of every file, also of those left half-written."""
        found: list[tuple[float, int, Path]] = []
        for path in [*self._folder.glob(f"*{_SUFFIX}"), *self._folder.glob(".new-*")]:
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            found.append((stat.st_mtime, stat.st_size, path))
        return found

    def _size(self) -> int:
        return sum(size for _, size, _ in self._entries())

    def _clear_out(self) -> None:
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total <= self._limit * _ROOM:
                break
            path.unlink(missing_ok=True)
            total -= size
        self._bytes = total


def _encoded(speech: CachedSpeech) -> bytes:
    words = json.dumps(speech.words).encode()
    body = words + speech.ulaw
    return _HEADER.pack(_MAGIC, len(words), len(speech.ulaw), zlib.crc32(body)) + body


def _decoded(raw: bytes) -> CachedSpeech:
    """The speech in a file's bytes.

    Raises:
        ValueError: cut short, altered, or something else altogether.
    """
    if len(raw) < _HEADER.size:
        raise ValueError("shorter than its header")
    magic, words_length, sound_length, checksum = _HEADER.unpack_from(raw)
    body = raw[_HEADER.size :]
    if magic != _MAGIC or len(body) != words_length + sound_length or zlib.crc32(body) != checksum:
        raise ValueError("not what was written")
    words = cast("list[tuple[str, float]]", json.loads(body[:words_length]))
    return CachedSpeech(ulaw=body[words_length:], words=tuple((str(word), float(start)) for word, start in words))
