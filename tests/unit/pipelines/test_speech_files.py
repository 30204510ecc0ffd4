"""Speech on disk: whole or not there, bounded, and filled by one process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech_cache import CachedSpeech
from pipelines.speech_files import SpeechFiles

SPEECH = CachedSpeech(ulaw=bytes(range(256)) * 8, words=(("niño", 0.0), ("two", 0.125)))
KEY = "ab" * 32


def file_of(folder: Path) -> Path:
    (path,) = folder.glob("*.speech")
    return path


def test_speech_outlives_a_restart(tmp_path: Path) -> None:
    SpeechFiles(tmp_path / "cache").save(KEY, SPEECH)
    assert SpeechFiles(tmp_path / "cache").load(KEY) == SPEECH


def test_what_was_never_saved_is_not_there(tmp_path: Path) -> None:
    assert SpeechFiles(tmp_path / "none").load(KEY) is None


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "flipped"])
def test_a_damaged_file_counts_as_none_and_is_removed(tmp_path: Path, damage: str) -> None:
    files = SpeechFiles(tmp_path)
    files.save(KEY, SPEECH)
    path = file_of(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes({"cut": raw[:-9], "empty": b"", "other": b"no speech at all, only text", "flipped": raw}[damage])
    assert files.load(KEY) is None
    assert not path.exists()


@given(raw=st.binary(max_size=200))
def test_no_bytes_whatever_break_the_reader(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cache")
    (folder / f"{KEY}.speech").write_bytes(raw)
    assert SpeechFiles(folder).load(KEY) is None


def test_the_folder_is_bounded_and_what_was_used_longest_ago_goes(tmp_path: Path) -> None:
    files = SpeechFiles(tmp_path, limit_bytes=10 * 2200)
    for number in range(9):
        files.save(f"{number:064}", SPEECH)
        os.utime(tmp_path / f"{number:064}.speech", (number, number))
    assert files.load(f"{0:064}") is not None
    for number in range(9, 14):
        files.save(f"{number:064}", SPEECH)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10 * 2200
    assert files.load(f"{0:064}") is not None, "it was used a moment ago"
    assert files.load(f"{1:064}") is None
    assert files.load(f"{13:064}") is not None


def test_nothing_half_written_is_left_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        SpeechFiles(tmp_path).save(KEY, SPEECH)
    assert list(tmp_path.iterdir()) == []


def test_one_process_fills_the_folder_and_another_follows_when_it_is_gone(tmp_path: Path) -> None:
    first, second = SpeechFiles(tmp_path), SpeechFiles(tmp_path)
    assert first.claim() and first.claim()
    assert not second.claim()
    first.close()
    assert second.claim()
    second.close()
