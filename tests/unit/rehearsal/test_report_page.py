"""The page that binds rehearsed calls together."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from rehearsal.report_page import CallPage, TranscriptLine, write_index


class _Reader(HTMLParser):
    """Collects attributes and text, and fails on tags that do not match."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _read(path: Path) -> _Reader:
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


def _call(tmp_path: Path, **changes: object) -> CallPage:
    for name in ("call 1.wav", "call 1.png"):
        (tmp_path / name).write_bytes(b"x")
    values: dict = {
        "title": "A caller",
        "outcome": "booked",
        "seconds": 61.0,
        "lines": (
            TranscriptLine(who="bot", at=0.4, words="Hello", stage="open"),
            TranscriptLine(who="caller", at=2.0, words="Hi", emotion="joy", tier="pro"),
            TranscriptLine(who="bot", at=3.0, words="So", answer_ms=612.4, interrupted=True),
        ),
        "recording": tmp_path / "call 1.wav",
        "picture": tmp_path / "call 1.png",
    }
    return CallPage(**{**values, **changes})


def test_links_are_relative_and_all_resolve(tmp_path: Path) -> None:
    reader = _read(write_index(out_dir=tmp_path, calls=[_call(tmp_path)], title="Calls"))
    files = [link for link in reader.links if not link.startswith("#")]
    assert sorted(set(files)) == ["call%201.png", "call%201.wav"]
    assert "link" not in reader.tags
    assert reader.tags.count("section") == 1


def test_everything_known_of_an_utterance_is_shown(tmp_path: Path) -> None:
    text = " ".join(_read(write_index(out_dir=tmp_path, calls=[_call(tmp_path)], title="Calls")).text)
    for part in ("booked", "1:01", "612 ms", "emotion joy", "tier pro", "stage open", "(interrupted)", "0:02"):
        assert part in text


def test_what_people_say_cannot_become_markup(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>\"&"
    line = TranscriptLine(who="caller", at=0, words=evil, emotion=evil, tier=evil, stage=evil)
    call = _call(tmp_path, title=evil, outcome=evil, lines=(line,), lang=evil, facts=((evil, evil),), warnings=(evil,))
    reader = _read(write_index(out_dir=tmp_path, calls=[call], title=evil, notes=[evil]))
    assert reader.tags.count("script") == 1
    assert "".join(reader.text).count(evil) >= 10


def test_a_file_elsewhere_or_missing_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="must lie in"):
        write_index(out_dir=out, calls=[_call(tmp_path)], title="Calls")
    with pytest.raises(ValueError, match="does not exist"):
        write_index(out_dir=tmp_path, calls=[_call(tmp_path, recording=tmp_path / "none.wav")], title="Calls")


def test_a_call_without_sound_or_picture_still_has_its_section(tmp_path: Path) -> None:
    call = _call(tmp_path, recording=None, picture=None, lines=())
    reader = _read(write_index(out_dir=tmp_path, calls=[call, call], title="Calls"))
    assert reader.tags.count("section") == 2
    assert "audio" not in reader.tags
