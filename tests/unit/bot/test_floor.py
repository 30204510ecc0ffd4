"""Whether words said over the bot take the floor, on hand-made items of two languages."""

from __future__ import annotations

import statistics
import time
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.analysis.floor import Floor, FloorJudge, LexicalFloorJudge
from bot.domain import Expected

DATA = Path(__file__).parent / "data"
LANGUAGES = ("en", "es")
JUDGE: FloorJudge = LexicalFloorJudge()
BOT = "Our app plan is seventy nine dollars a month, and with a coach of your own it is one forty nine."


class Item(NamedTuple):
    """A line of a set."""

    wanted: Floor
    expects: Expected
    text: str
    bot: str

    @property
    def held_out(self) -> bool:
        return zlib.crc32(self.text.encode()) % 3 == 0


def items(language: str) -> list[Item]:
    found: list[Item] = []
    for line in (DATA / f"floor_{language}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            head, rest = line.split(" | ", 1)
            wanted, expects = head.split()
            text, _, bot = rest.partition(" || ")
            found.append(Item(Floor(wanted), Expected(expects), text, bot))
    return found


def judge(text: str, language: str = "en", bot: str = BOT, expects: Expected = Expected.OPEN) -> Floor:
    return JUDGE.judge(text, language=language, bot_was_saying=bot, expects=expects)


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_balanced_accuracy_over_the_three_verdicts(language: str, held_out: bool) -> None:
    recalls: list[float] = []
    for wanted in Floor:
        some = [item for item in items(language) if item.held_out is held_out and item.wanted is wanted]
        right = [item for item in some if judge(item.text, language, item.bot, item.expects) is wanted]
        recalls.append(len(right) / len(some))
    assert statistics.fmean(recalls) >= 0.9


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_takes_the_floor_is_taken_for_listening(language: str) -> None:
    taking = [item for item in items(language) if item.wanted is Floor.TAKES]
    assert not [item for item in taking if judge(item.text, language, item.bot, item.expects) is Floor.LISTENS]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("stop", "en"),
        ("stop, please", "en"),
        ("wait", "en"),
        ("okay wait wait", "en"),
        ("honey, stop calling me", "en"),
        ("don't call me again sweetie", "en"),
        ("take me off your list", "en"),
        ("espere", "es"),
        ("pare por favor", "es"),
        ("no me llame más, mi amor", "es"),
        ("quíteme de su lista", "es"),
    ],
)
def test_stop_wait_and_opt_out_always_take_the_floor(text: str, language: str) -> None:
    assert judge(text, language) is Floor.TAKES


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("yeah but how much is it", "en"),
        ("right, no", "en"),
        ("claro pero es caro", "es"),
        ("ajá, ¿y el contrato?", "es"),
    ],
)
def test_what_follows_a_backchannel_decides(text: str, language: str) -> None:
    assert judge(text, language) is Floor.TAKES


def test_yes_is_an_answer_only_to_a_question_just_asked() -> None:
    asked = "So that is Tuesday at five. Shall I book it?"
    assert judge("yes", bot=asked, expects=Expected.YES_NO) is Floor.TAKES
    assert judge("yes", bot="So that is Tuesday at five.", expects=Expected.YES_NO) is Floor.LISTENS
    assert judge("sí", "es", bot="¿Le reservo la sesión?", expects=Expected.YES_NO) is Floor.TAKES


@pytest.mark.parametrize(
    "text", ["our app plan is seventy nine dollars", "app plan is seven nine dollars", "with a couch of your own"]
)
def test_the_bots_own_words_coming_back_do_not_take_the_floor(text: str) -> None:
    assert judge(text) is Floor.LISTENS
    assert judge(text, bot="Where are you located, if I may ask?") is not Floor.LISTENS


def test_a_wait_over_the_echo_takes_the_floor() -> None:
    assert judge("our app plan is seventy nine wait") is Floor.TAKES


def test_words_to_somebody_else_are_told_by_clear_markers_only() -> None:
    assert judge("honey, put it on the table") is Floor.LISTENS
    assert judge("Espera, que el perro quiere salir.", "es") is Floor.LISTENS
    assert judge("my mom wants the plan with a coach") is Floor.TAKES
    assert judge("mi hija quiere entrenar", "es") is Floor.TAKES


@pytest.mark.parametrize("text", ["", " ", "...", "I", "so", "well", "the"])
def test_beginnings_and_nothing_are_unclear(text: str) -> None:
    assert judge(text) is Floor.UNCLEAR


def test_thirty_words_are_judged_in_a_fraction_of_a_millisecond() -> None:
    best = []
    for language in LANGUAGES:
        spoken = [item.text for item in items(language)]
        for start in range(0, len(spoken) - 12, 5):
            text = " ".join(" ".join(spoken[start : start + 12]).split()[:30])
            spent = []
            for _ in range(5):
                begun = time.thread_time()
                judge(text, language)
                spent.append(time.thread_time() - begun)
            best.append(min(spent))
    assert statistics.quantiles(best, n=100)[98] < 1e-3
