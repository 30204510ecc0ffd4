"""The floor on a virtual clock: what the bot does about each sound and word, and when a turn is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.analysis.floor import LexicalFloorJudge
from bot.domain import Expected
from pipelines.floor import WINDOW_SECONDS, Floor
from pipelines.floor_acts import (
    Act,
    AskMelody,
    GiveWay,
    Overheard,
    Pause,
    Prepare,
    Resume,
    TurnOver,
    Withdraw,
    WordsEvent,
)


@dataclass
class Bot:
    """A bot that does as it is told."""

    is_speaking: bool = False
    is_pending: bool = False
    saying: str = "The plan starts from where you are right now and changes with your days."


@dataclass
class Talk:
    """A caller, a recogniser and a bot around one floor; `acts` keeps what was decided, and when."""

    language: str = "en"
    tells_turns: bool = True
    bot: Bot = field(default_factory=Bot)
    now: float = 100.0
    acts: list[tuple[float, Act]] = field(default_factory=list[tuple[float, Act]])

    def __post_init__(self) -> None:
        self.floor = Floor(self.bot, LexicalFloorJudge(), language=self.language, tells_turns=self.tells_turns)

    def voice(self, seconds: float, *, level_db: float = -20.0) -> Talk:
        return self._sound(seconds, voiced=True, level_db=level_db)

    def quiet(self, seconds: float) -> Talk:
        return self._sound(seconds, voiced=False, level_db=-70.0)

    def words(self, event: WordsEvent, text: str) -> Talk:
        self._do(self.floor.words(event, text, language=self.language, now=self.now))
        return self

    def _sound(self, seconds: float, *, voiced: bool, level_db: float) -> Talk:
        for _ in range(round(seconds / WINDOW_SECONDS)):
            self.now += WINDOW_SECONDS
            self._do(self.floor.hear(voiced=voiced, level_db=level_db, now=self.now))
        return self

    def _do(self, acts: Iterable[Act]) -> None:
        for act in acts:
            self.acts.append((self.now, act))
            if isinstance(act, GiveWay):
                self.bot.is_speaking = self.bot.is_pending = False
            if isinstance(act, TurnOver):
                self.bot.is_pending = True

    def of(self, kind: type[Act]) -> list[tuple[float, Act]]:
        return [(at, act) for at, act in self.acts if isinstance(act, kind)]

    def at(self, kind: type[Act]) -> float:
        return self.of(kind)[0][0]


def speaking(**kwargs: str) -> Talk:
    talk = Talk(**kwargs)  # pyright: ignore[reportArgumentType]
    talk.bot.is_speaking = True
    return talk.quiet(1.0)


# While the bot speaks


def test_a_voice_makes_the_bot_pause_within_a_tenth_of_a_second() -> None:
    talk = speaking()
    began = talk.now
    talk.voice(0.5)
    assert isinstance(talk.acts[0][1], Pause)
    assert talk.at(Pause) - began <= 0.1


def test_words_of_substance_take_the_floor_and_become_a_turn() -> None:
    talk = speaking().voice(0.5).words(WordsEvent.UPDATE, "wait")
    assert [type(act) for _, act in talk.acts] == [Pause, GiveWay]
    talk.voice(0.9).words(WordsEvent.UPDATE, "wait I have a question").quiet(0.12)
    talk.words(WordsEvent.EAGER, "Wait, I have a question.").quiet(0.3)
    (over,) = [act for _, act in talk.of(TurnOver)]
    assert isinstance(over, TurnOver) and over.text == "Wait, I have a question."


@pytest.mark.parametrize(("language", "words"), [("en", "Mm-hmm."), ("en", "Right."), ("es", "Ajá."), ("es", "Claro.")])
def test_a_listeners_word_costs_a_pause_of_at_most_six_tenths(language: str, words: str) -> None:
    talk = speaking(language=language)
    talk.voice(0.45).quiet(0.12).words(WordsEvent.EAGER, words).quiet(0.15).words(WordsEvent.END, words).quiet(2.0)
    assert [type(act) for _, act in talk.acts] == [Pause, Resume, Overheard]
    assert talk.at(Resume) - talk.at(Pause) <= 0.6


def test_a_sound_without_words_costs_a_short_pause() -> None:
    talk = speaking().voice(0.2).quiet(2.0)
    assert [type(act) for _, act in talk.acts] == [Pause, Resume]
    assert talk.at(Resume) - talk.at(Pause) <= 0.45


def test_a_long_noise_that_sounds_like_a_voice_is_spoken_over_in_the_end() -> None:
    talk = speaking().voice(6.0)
    assert [type(act) for _, act in talk.acts] == [Pause, Resume]
    assert talk.at(Resume) - talk.at(Pause) <= 1.0
    talk.words(WordsEvent.UPDATE, "hold on a second")
    assert isinstance(talk.acts[-1][1], GiveWay)


def test_after_one_pause_in_a_reply_short_sounds_are_ignored() -> None:
    talk = speaking().voice(0.2).quiet(1.0).voice(0.25).quiet(1.0)
    assert [type(act) for _, act in talk.acts] == [Pause, Resume]
    talk.floor.next_reply(expects=Expected.OPEN, language="en")
    talk.voice(0.2).quiet(1.0)
    assert len(talk.of(Pause)) == 2


def test_words_stop_the_bot_even_where_no_voice_was_noticed() -> None:
    talk = speaking().words(WordsEvent.UPDATE, "how much is that")
    assert [type(act) for _, act in talk.acts] == [GiveWay]


def test_the_bots_own_words_told_late_are_nobodys_turn() -> None:
    talk = speaking()
    talk.bot.is_speaking = False
    talk.quiet(0.6).words(WordsEvent.END, "and changes with your days").quiet(2.0)
    assert [type(act) for _, act in talk.acts] == [Overheard]


def test_a_caller_who_repeats_the_bots_words_is_answered() -> None:
    talk = speaking()
    talk.bot.is_speaking = False
    talk.quiet(0.3).voice(0.9).words(WordsEvent.END, "It changes with your days?").quiet(2.0)
    assert talk.of(TurnOver)


def test_a_voice_in_the_background_is_not_the_callers() -> None:
    talk = Talk().voice(1.2, level_db=-20).words(WordsEvent.END, "How much does it cost?").quiet(0.5)
    assert talk.of(TurnOver)
    talk.acts.clear()
    talk.bot.is_speaking, talk.bot.is_pending = True, False
    talk.quiet(1.0).voice(1.4, level_db=-30).words(WordsEvent.UPDATE, "can you close the window").quiet(0.3)
    talk.words(WordsEvent.END, "can you close the window").quiet(1.0)
    assert not talk.of(GiveWay) and talk.at(Resume) - talk.at(Pause) <= 0.3
    talk.voice(0.5, level_db=-19).words(WordsEvent.UPDATE, "wait")
    assert talk.of(GiveWay)


def test_a_pending_answer_waits_while_the_caller_goes_on() -> None:
    talk = Talk()
    talk.bot.is_pending = True
    talk.voice(0.3)
    assert [type(act) for _, act in talk.acts] == [Pause]


# Turns


def test_a_complete_question_is_answered_before_the_recogniser_declares_its_end() -> None:
    talk = Talk().voice(1.2)
    ended = talk.now
    talk.quiet(0.13).words(WordsEvent.EAGER, "How much does it cost?").quiet(0.1)
    assert [type(act) for _, act in talk.acts][-1] is TurnOver
    assert talk.at(TurnOver) - ended <= 0.2
    talk.words(WordsEvent.END, "How much does it cost?").quiet(1.0)
    assert len(talk.of(TurnOver)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Well, I", "want to get stronger."),
        ("So, what I wanted to know", "is how much it costs."),
        ("The problem is that", "my days are very long."),
    ],
)
def test_nobody_answers_into_a_pause_inside_a_sentence(first: str, second: str) -> None:
    talk = Talk().voice(0.8).quiet(0.13).words(WordsEvent.EAGER, first).quiet(1.05)
    assert not talk.of(TurnOver)
    talk.words(WordsEvent.RESUMED, "").voice(1.0).quiet(0.13).words(WordsEvent.EAGER, f"{first} {second}").quiet(1.5)
    (over,) = [act for _, act in talk.of(TurnOver)]
    assert isinstance(over, TurnOver) and over.text == f"{first} {second}"


def test_a_slow_speaker_is_given_as_long_again() -> None:
    talk = Talk().voice(0.8).quiet(0.13).words(WordsEvent.EAGER, "The problem is that").quiet(0.95)
    talk.words(WordsEvent.RESUMED, "").voice(1.0).quiet(0.13)
    talk.words(WordsEvent.EAGER, "The problem is that my days are very long.").quiet(0.6)
    assert not talk.of(TurnOver)
    talk.quiet(0.6)
    assert talk.of(TurnOver)


def test_an_end_that_the_recogniser_declares_inside_a_sentence_joins_what_follows() -> None:
    talk = Talk().voice(0.6).quiet(0.3).words(WordsEvent.END, "My number is").quiet(0.5)
    talk.voice(0.9).quiet(0.2).words(WordsEvent.END, "five five five two one four six zero nine one").quiet(1.6)
    (over,) = [act for _, act in talk.of(TurnOver)]
    assert isinstance(over, TurnOver) and over.text == "My number is five five five two one four six zero nine one"


def test_an_answer_prepared_for_other_words_is_withdrawn() -> None:
    talk = Talk().voice(1.0).words(WordsEvent.UPDATE, "I want to get stronger").voice(0.5)
    assert [type(act) for _, act in talk.acts] == [Prepare]
    talk.words(WordsEvent.UPDATE, "I want to get stronger and lose weight").quiet(0.13)
    assert [type(act) for _, act in talk.acts][1] is Withdraw
    talk.words(WordsEvent.EAGER, "I want to get stronger and lose weight.").quiet(0.3)
    assert [type(act) for _, act in talk.acts][-1] is TurnOver


def test_no_more_than_a_few_answers_are_begun_for_one_turn() -> None:
    talk = Talk().voice(1.0)
    for count in range(2, 12):
        talk.words(WordsEvent.UPDATE, " ".join(["I want to get stronger"] * count)).voice(0.3)
    assert len(talk.of(Prepare)) <= 3


def test_a_turn_taken_too_early_goes_on_where_the_recogniser_takes_its_end_back() -> None:
    talk = Talk().voice(1.0).quiet(0.13).words(WordsEvent.EAGER, "I want to get stronger.").quiet(0.2)
    assert talk.of(TurnOver)
    talk.words(WordsEvent.RESUMED, "").voice(0.6).quiet(0.13)
    talk.words(WordsEvent.EAGER, "I want to get stronger and sleep better.").quiet(0.6)
    assert talk.of(GiveWay)
    last = talk.of(TurnOver)[-1][1]
    assert isinstance(last, TurnOver) and last.continues and last.text == "and sleep better."


def test_without_a_recogniser_that_tells_turns_silence_decides() -> None:
    talk = Talk(tells_turns=False).voice(1.0)
    ended = talk.now
    talk.quiet(0.35).words(WordsEvent.END, "how much does it cost").quiet(1.0)
    assert talk.at(TurnOver) - ended <= 0.45


def test_a_recogniser_that_never_confirms_does_not_keep_the_caller_waiting() -> None:
    talk = Talk().voice(1.0).words(WordsEvent.UPDATE, "how much does it").voice(0.2)
    ended = talk.now
    talk.quiet(3.0)
    assert talk.at(TurnOver) - ended <= 1.6


def test_speech_that_is_not_understood_is_a_turn_too() -> None:
    talk = Talk(tells_turns=False).voice(1.0).quiet(0.3)
    for act in talk.floor.misheard(now=talk.now):
        talk.acts.append((talk.now, act))
    talk.quiet(0.6)
    (over,) = [act for _, act in talk.of(TurnOver)]
    assert isinstance(over, TurnOver) and not over.understood


_EVENTS = st.one_of(
    st.tuples(st.just("voice"), st.floats(0.03, 1.5)),
    st.tuples(st.just("quiet"), st.floats(0.03, 1.5)),
    st.tuples(st.sampled_from(list(WordsEvent)), st.sampled_from(["mm-hm", "wait", "how much is it", "well I", ""])),
    st.tuples(st.just("bot"), st.booleans()),
)


@given(st.lists(_EVENTS, max_size=40))
@settings(max_examples=150, deadline=None)
def test_whatever_happens_a_pause_ends_and_words_are_answered(events: list[tuple[object, object]]) -> None:
    talk = Talk()
    for what, value in events:
        if what == "voice":
            talk.voice(float(value))  # pyright: ignore[reportArgumentType]
        elif what == "quiet":
            talk.quiet(float(value))  # pyright: ignore[reportArgumentType]
        elif what == "bot":
            talk.bot.is_speaking, talk.bot.is_pending = bool(value), False
        else:
            talk.words(what, str(value))  # pyright: ignore[reportArgumentType]
    talk.bot.is_pending = False
    talk.quiet(3.0)
    paused = False
    for _, act in talk.acts:
        if isinstance(act, Pause):
            assert not paused
            paused = True
        elif isinstance(act, Resume | GiveWay):
            paused = False
    assert not paused
    if not talk.bot.is_speaking:
        talk.quiet(3.0)
        assert talk.floor.last_words() == "" or talk.bot.is_pending


@pytest.mark.parametrize(
    ("over", "least", "most"), [(0.97, 0.45, 0.6), (0.05, 1.3, 1.5), (0.5, 0.75, 0.95), (None, 0.75, 0.95)]
)
def test_melody_decides_where_words_leave_it_open(over: float | None, least: float, most: float) -> None:
    talk = Talk(tells_turns=False).voice(0.6)
    ended = talk.now
    talk.quiet(0.13).words(WordsEvent.UPDATE, "the evenings").quiet(0.1).words(WordsEvent.END, "the evenings")
    assert talk.of(AskMelody)
    for act in talk.floor.melody(over, now=talk.now):
        talk.acts.append((talk.now, act))
    talk.quiet(2.0)
    assert len(talk.of(AskMelody)) == 1
    assert least <= talk.at(TurnOver) - ended <= most


def test_the_melody_of_an_earlier_stretch_counts_for_nothing() -> None:
    talk = Talk(tells_turns=False).voice(0.6).quiet(0.13).words(WordsEvent.UPDATE, "the evenings").quiet(0.1)
    talk.voice(0.4)
    assert not talk.floor.melody(0.97, now=talk.now)
    talk.words(WordsEvent.END, "the evenings or the").quiet(0.7)
    assert not talk.of(TurnOver)


def test_words_that_the_ear_missed_are_not_answered_while_they_go_on() -> None:
    talk = speaking(language="es").words(WordsEvent.UPDATE, "Perdone,").quiet(0.2)
    assert [type(act) for _, act in talk.acts][:1] == [GiveWay] and not talk.of(TurnOver)


def test_the_beginning_of_a_sentence_keeps_the_bot_quiet_a_little_longer() -> None:
    talk = speaking().voice(0.3).words(WordsEvent.UPDATE, "I").quiet(0.3)
    assert not talk.of(Resume)
    talk.quiet(0.4)
    assert talk.of(Resume)


def test_a_weak_window_inside_a_first_word_does_not_make_it_begin_anew() -> None:
    talk = speaking().voice(0.032).quiet(0.032).voice(0.07)
    assert talk.of(Pause)
