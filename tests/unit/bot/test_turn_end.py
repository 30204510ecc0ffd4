"""Whether what a caller has said so far is a complete turn, on hand-made items of two languages."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.analysis.turn_end import TurnEnd, judge_turn_end
from bot.domain import Expected

DATA = Path(__file__).parent / "data"
SETS = ("turn_end", "turn_end_second", "turn_end_third")
LANGUAGES = ("en", "es")
FUNCTION_WORDS = {
    "en": frozenset(
        "a an the my your our their and or but because if of at by i we they he she is are was were am can could would "
        "should will does did i'm it's from".split()
    ),
    "es": frozenset(
        "el la los las un una mi tu su mis tus sus y o pero porque que si de del a al en con por para sin me te se le "
        "es está son yo muy entre hasta desde".split()
    ),
}


def lines(name: str) -> Iterator[str]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def items(name: str) -> list[tuple[str, Expected, str]]:
    """Kind, what was expected, and the words of every line of a set."""
    found: list[tuple[str, Expected, str]] = []
    for line in lines(name):
        head, text = line.split(" | ", 1)
        kind, expected = head.split()
        found.append((kind, Expected(expected), text))
    return found


def judge(text: str, language: str = "en", expects: Expected = Expected.OPEN, *, in_pieces: bool = False) -> TurnEnd:
    return judge_turn_end(text, language=language, expects=expects, in_pieces=in_pieces)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SETS)
def test_hardly_any_unfinished_turn_is_called_complete(name: str, language: str) -> None:
    cut = [item for item in items(f"{name}_{language}.txt") if item[0] == "unfinished"]
    wrong = [text for _, expects, text in cut if judge(text, language, expects) is TurnEnd.COMPLETE]
    assert len(wrong) <= 0.03 * len(cut), wrong


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SETS)
def test_complete_turns_are_called_complete(name: str, language: str) -> None:
    whole = [item for item in items(f"{name}_{language}.txt") if item[0] == "complete"]
    missed = [text for _, expects, text in whole if judge(text, language, expects) is not TurnEnd.COMPLETE]
    assert len(missed) <= 0.10 * len(whole), missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_may_go_on_is_not_called_complete(language: str) -> None:
    between = [item for item in items(f"turn_end_{language}.txt") if item[0] == "between"]
    assert between
    assert not [text for _, expects, text in between if judge(text, language, expects) is TurnEnd.COMPLETE]


@pytest.mark.parametrize("language", LANGUAGES)
def test_whole_sentences_are_complete(language: str) -> None:
    missed = [text for text in lines(f"sentences_{language}.txt") if judge(text, language) is not TurnEnd.COMPLETE]
    assert len(missed) <= 3, missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_beginning_that_ends_in_a_function_word_is_never_complete(language: str) -> None:
    tried, wrong = 0, []
    for sentence in lines(f"sentences_{language}.txt"):
        words = sentence.strip("¿.?").split()
        for end in range(1, len(words)):
            if words[end - 1].lower().strip("¿,") in FUNCTION_WORDS[language]:
                tried += 1
                beginning = " ".join(words[:end])
                wrong += [form for form in (beginning, f"{beginning}.") if judge(form, language) is TurnEnd.COMPLETE]
    assert tried > 100
    assert not wrong


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How much does it cost?", "en"),
        ("I want to get stronger.", "en"),
        ("I never have time to train.", "en"),
        ("What is included?", "en"),
        ("Is there a contract?", "en"),
        ("no", "en"),
        ("yes please", "en"),
        ("stop calling me", "en"),
        ("¿Cuánto cuesta?", "es"),
        ("Quiero bajar de peso.", "es"),
        ("no", "es"),
        ("los dos", "es"),
    ],
)
def test_plain_turns_are_answered_at_once(text: str, language: str) -> None:
    assert judge(text, language) is TurnEnd.COMPLETE


@pytest.mark.parametrize(
    ("pieces", "language"),
    [
        (("My number is", "five five five", "two one four", "six zero nine one."), "en"),
        (("It is four one five", "eight six seven", "five three zero nine."), "en"),
        (("Well, I", "I want to get stronger."), "en"),
        (("So, what I wanted to know", "is how much it costs."), "en"),
        (("I was thinking that", "maybe the evenings would be better."), "en"),
        (("Mi número es", "cinco cinco cinco", "dos uno cuatro", "seis cero nueve uno."), "es"),
        (("Pues, lo que quería saber", "es cuánto cuesta."), "es"),
        (("El problema es que", "mis días son muy largos."), "es"),
    ],
)
def test_dictation_is_complete_with_its_last_piece_only(pieces: tuple[str, ...], language: str) -> None:
    said = [" ".join(pieces[: count + 1]) for count in range(len(pieces))]
    assert [judge(text, language) for text in said[:-1]] == [TurnEnd.UNFINISHED] * (len(pieces) - 1)
    assert judge(said[-1], language) is TurnEnd.COMPLETE


def test_a_stop_of_the_recogniser_does_not_end_a_turn() -> None:
    assert judge("The problem is that.") is TurnEnd.UNFINISHED
    assert judge("I want to.") is TurnEnd.UNFINISHED


def test_a_slow_speaker_is_waited_for_where_it_is_doubtful() -> None:
    assert judge("losing weight") is TurnEnd.COMPLETE
    assert judge("losing weight", in_pieces=True) is TurnEnd.UNCLEAR
    assert judge("how much does it cost", in_pieces=True) is TurnEnd.COMPLETE


def test_a_story_is_given_time_for_a_second_clause() -> None:
    assert judge("I tried a diet last year", expects=Expected.STORY) is TurnEnd.UNCLEAR
    assert judge("I tried a diet last year and I gave up in March", expects=Expected.STORY) is TurnEnd.COMPLETE
    assert judge("I tried a diet and that's all", expects=Expected.STORY) is TurnEnd.COMPLETE


def test_a_bare_answer_is_complete_only_to_its_question() -> None:
    assert judge("Tuesday", expects=Expected.DATE) is TurnEnd.COMPLETE
    assert judge("Tuesday") is TurnEnd.UNCLEAR
    assert judge("three", expects=Expected.NUMBER) is TurnEnd.COMPLETE


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "🙂"])
def test_nothing_said_is_unclear(text: str) -> None:
    assert judge(text) is TurnEnd.UNCLEAR


def test_thirty_words_are_judged_in_a_fraction_of_a_millisecond() -> None:
    for language in LANGUAGES:
        words = " ".join(lines(f"sentences_{language}.txt")).split()
        texts = [" ".join(words[start : start + 30]) for start in range(0, len(words) - 30, 7)]
        best = []
        for text in texts:
            spent = []
            for _ in range(5):
                start = time.thread_time()
                judge(text, language, Expected.NUMBER)
                spent.append(time.thread_time() - start)
            best.append(min(spent))
        assert statistics.quantiles(best, n=100)[98] < 1e-3
