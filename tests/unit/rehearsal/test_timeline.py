"""The timeline picture: its layout keeps words apart, and it is drawn at every length."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from rehearsal.line import Answer, Segment, Yield
from rehearsal.text_packing import Block, pack, text_width, wrap
from rehearsal.timeline import Label, Timeline, _with_words, draw_timeline

BLOCKS = st.lists(st.builds(Block, st.floats(0, 900), st.text("abc def ghi", min_size=1, max_size=120)), max_size=15)


@settings(max_examples=40, deadline=None)
@given(BLOCKS)
def test_no_two_texts_overlap_and_none_leaves_the_picture(blocks: list[Block]) -> None:
    placed = pack(blocks, size=8.0, line_height=10.0, right_edge=920.0)
    for index, one in enumerate(placed):
        assert one.left >= 0
        assert one.left + one.width <= 920.0 + 0.01
        for two in placed[index + 1 :]:
            apart = one.left + one.width <= two.left or two.left + two.width <= one.left
            stacked = one.offset + one.height <= two.offset or two.offset + two.height <= one.offset
            assert apart or stacked


def test_long_text_ends_in_an_ellipsis_within_its_width() -> None:
    lines = wrap("word " * 50 + "x" * 200, size=8.0, width=100.0, max_lines=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(text_width(line, 8.0) <= 100.0 for line in lines)
    assert wrap("y" * 200, size=8.0, width=50.0, max_lines=3)[0].endswith("…")


def test_sentences_go_to_the_talk_they_belong_to() -> None:
    talks = (Segment(1.0, 2.0), Segment(5.0, 9.0))
    told = _with_words(talks, [(0.9, "Hello."), (5.0, "The price"), (7.0, "is $79.")])
    assert [segment.text for segment in told] == ["Hello.", "The price is $79."]
    assert _with_words((), [(1.0, "unheard")]) == ()


@pytest.mark.parametrize("seconds", [0.0, 20.0, 95.0, 180.0])
def test_a_picture_is_drawn_at_every_length(tmp_path: Path, seconds: float) -> None:
    starts = np.arange(1.0, seconds, 8.0)
    timeline = Timeline(
        title="A call with $ and <b> in its title",
        seconds=seconds,
        caller=tuple(Segment(t + 4, t + 6, "How much is it? $$ _{x}") for t in starts),
        bot=tuple(Segment(t, t + 4.2, "It is $149 a month, $79 to try.") for t in starts),
        answers=tuple(Answer(t + 6, 2.0) for t in starts),
        yields=tuple(Yield(t + 4, 0.2, True) for t in starts),
        clears=tuple(t + 4.2 for t in starts),
        labels=tuple(Label(t, kind, "$x$") for t in starts for kind in ("emotion", "tier", "stage")),
    )
    picture = imread(draw_timeline(timeline=timeline, path=tmp_path / "deep" / "call.png"))
    assert picture.shape[1] == 2000
    colours = {tuple(np.round(pixel[:3] * 255).astype(int)) for pixel in picture[::5, ::5].reshape(-1, 4)}
    assert ((0x2F, 0x6D, 0xB3) in colours) == ((0xD9, 0x82, 0x2B) in colours)
    assert (0x2F, 0x6D, 0xB3) in colours  # at least in the legend
