"""Whose turn it is: one call's floor. Pure; time is passed in.

Three things are put together: the caller's voice as local voice activity finds it (at once, without its meaning), the
recogniser's words (late, with their meaning), and what the bot is doing. While the bot speaks, voice makes it pause
and only words that take the floor make it stop. While it is silent, a turn is over once its words are complete and
the caller has been quiet for as long as such words ask for; work on the answer begins before that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.analysis.floor import Floor as FloorVerdict
from bot.analysis.floor import FloorJudge
from bot.analysis.turn_end import TurnEnd, judge_turn_end
from bot.domain import Expected
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

WINDOW_SECONDS: Final = 0.032
"""Sound is judged in windows of this length."""

_WORD: Final = re.compile(r"[\w']+")


@dataclass(frozen=True, kw_only=True)
class FloorParams:
    """How long is waited for what. Seconds; the README of pipelines/ says where the figures come from."""

    join: float = 0.25
    """Silence inside one stretch of voice."""
    onset_windows: int = 2
    """Windows of voice that make the bot pause."""
    careful_onset: float = 0.32
    """Voice that makes it pause again in the same reply."""
    missed: float = 1.0
    """Words that come so long after the last voice were not noticed as one."""
    words_late: float = 0.12
    """How long before a recogniser's new words their voice ended at the latest."""
    echo_late: float = 2.0
    """How long after the bot's last sound a recogniser may still tell words of it that came back."""
    quiet_after_words: float = 0.35
    """Silence after words that may be the beginning of a sentence, until the bot goes on."""
    quiet_to_resume: float = 0.2
    """Silence after a sound without words of substance, until the bot goes on."""
    longest_pause: float = 0.58
    """A pause that words do not justify ends here."""
    longest_wordless_pause: float = 0.95
    """Or here, where a voice goes on and the recogniser tells words late."""
    faint_db: float = -50.0
    """Sound below this level (dBFS) is no voice that concerns us."""
    fading_db: float = 25.0
    """Nor what is so much quieter than the voice just before: its reverberation, its breath."""
    bystander_db: float = 7.0
    """A voice so much quieter than the caller's is somebody else's."""
    bystander_known: float = 0.22
    """A word's first sound may be as quiet: so long it is nobody's."""
    bystander_patience: float = 2.2
    """Unless it goes on for so long."""
    complete: float = 0.13
    """Silence after complete words that the recogniser vouches for."""
    complete_unsure: float = 0.45
    """The same where the recogniser sees no end yet."""
    complete_unvouched: float = 0.3
    """The same for a recogniser that does not tell turns apart."""
    unclear_ended: float = 0.25
    """Silence after words that may go on, where the recogniser has declared the turn's end."""
    unclear_unvouched: float = 0.8
    """The same for a recogniser that does not tell turns apart."""
    melody_asked: float = 0.15
    """Silence after which the melody of unclear words is judged, for a recogniser that does not tell turns apart."""
    melody_over: float = 0.95
    """From this probability on it ends a turn; figures in melody.py."""
    melody_goes_on: float = 0.1
    """Up to this one the caller is not finished."""
    unclear_melody: float = 0.5
    """Silence after words that may go on, whose melody does not."""
    unfinished: float = 1.35
    """More than people's pauses inside a sentence."""
    misheard: float = 0.5
    """Silence after speech that the recogniser could not make out."""
    unvouched: float = 1.4
    """Silence after which words count although the recogniser may still be at work on more."""
    slow_speaker: float = 0.85
    """Share of the longest pause inside this turn that is waited for again."""
    slow_from: float = 0.6
    """A pause inside a turn that makes a speaker slow."""
    slow_least: float = 0.5
    slow_most: float = 1.5
    ahead_unfinished: float = 0.8
    """Silence before work on words that trail off begins."""
    ahead_quiet: float = 0.3
    """Silence before work on an unclear turn begins."""
    ahead_a_turn: int = 3
    """Answers begun for one turn."""


class Bot(Protocol):
    """What the floor needs to know of the bot; asked again after each act was carried out."""

    @property
    def is_speaking(self) -> bool:
        """The caller hears it, or would if it were not paused."""
        ...

    @property
    def is_pending(self) -> bool:
        """It has taken the turn and nothing is heard of it yet."""
        ...

    @property
    def saying(self) -> str:
        """Its words that sound now or did just before."""
        ...


class Floor:
    """Feed it sound and words; carry out the acts it returns, in order."""

    def __init__(
        self,
        bot: Bot,
        judge: FloorJudge,
        *,
        language: str,
        tells_turns: bool,
        params: FloorParams | None = None,
    ) -> None:
        self._bot = bot
        self._judge = judge
        self._params = params or FloorParams()
        self._tells_turns = tells_turns
        self.language = language
        self.expects = Expected.OPEN
        # the caller's voice
        self._run = 0
        self._run_since = 0.0
        self._run_level = -100.0
        self._voice_since: float | None = None
        self._voice_until = -1e9
        self._sounded_at = -1e9
        self._level = -100.0
        self._turn_level = -100.0
        self._usual_level: float | None = None
        self._inner_pause = 0.0
        # the caller's words
        self._carried = ""
        self._current: list[str] = []
        self._taken = 0
        self._words_at = -1e9
        self._vouched = False
        self._ended = False
        self._misheard = False
        self._melody: float | None = None
        self._melody_asked = False
        self._heard_language: str | None = None
        self._verdict: tuple[str, FloorVerdict] | None = None
        self._end: tuple[tuple[str, str, Expected, bool], TurnEnd] | None = None
        # the bot
        self._bot_until = -1e9
        self._paused_at: float | None = None
        self._pauses = 0
        self._passed_over: float | None = None
        # work ahead
        self._ahead: str | None = None
        self._ahead_count = 0
        self._continues = False

    # What happens

    def hear(self, *, voiced: bool, level_db: float, now: float) -> Sequence[Act]:
        """A window of the caller's sound; `voiced`: it holds a voice that is not our echo."""
        if voiced and not self._is_fading(level_db, now):
            if not self._run:
                self._run_since = now - WINDOW_SECONDS
            self._run += 1
            self._run_level = max(self._run_level, level_db)
            if self._run >= self._params.onset_windows:
                self._go_on_voicing(now)
        elif self._run:
            # A word's first sounds may be weak: one window that is none does not make it begin anew.
            self._run = min(self._run, self._params.onset_windows) - 1
            if not self._run:
                self._run_level = -100.0
        return self._decide(now)

    def words(self, event: WordsEvent, text: str, *, language: str | None, now: float) -> Sequence[Act]:
        """What the recogniser makes of its turn so far: all words of it, not only new ones."""
        if event is WordsEvent.RESUMED:
            return self._resumed(now)
        words = text.split()
        self._words_at = now
        if len(words) > max(len(self._current), self._taken) and now - self._voice_until > self._params.missed:
            # Where the ear missed them, words are a voice too.
            self._voice_until = now - self._params.words_late
        self._heard_language = language or self._heard_language
        self._current = words
        self._vouched = event is not WordsEvent.UPDATE
        self._ended = event is WordsEvent.END
        acts = list(self._decide(now))
        if event is WordsEvent.END:
            self._carry()
        return acts

    def misheard(self, *, now: float) -> Sequence[Act]:
        """There was speech, and the recogniser does not vouch for any words."""
        if not self._bot_has_floor:
            self._misheard = True
        return self._decide(now)

    def melody(self, over: float | None, *, now: float) -> Sequence[Act]:
        """How likely the words said before this silence end a turn by their melody, 0..1; None: nobody knows."""
        if now - self._voice_until >= self._params.melody_asked:
            self._melody = over
        return self._decide(now)

    def next_reply(self, *, expects: Expected, language: str) -> None:
        """A reply of ours is on its way."""
        self.expects, self.language = expects, language
        self._pauses = 0

    def bot_was_cut(self) -> None:
        """Something else than the floor made the bot stop, such as a key."""
        self._paused_at = None

    def last_words(self) -> str:
        """What was said of a turn that is not over."""
        return self._text

    def quiet_seconds(self, now: float) -> float:
        """How long ago the caller made the last sound of a voice."""
        return now - self._voice_until

    # Decisions

    @property
    def _text(self) -> str:
        current = " ".join(self._current[self._taken :])
        return f"{self._carried} {current}".strip()

    @property
    def _bot_has_floor(self) -> bool:
        return self._bot.is_speaking or self._bot.is_pending or self._paused_at is not None

    def _decide(self, now: float) -> Sequence[Act]:
        if self._bot_has_floor:
            self._bot_until = now
            return self._over_bot(now)
        return self._of_turn(now)

    def _over_bot(self, now: float) -> Sequence[Act]:
        text = self._text
        verdict = self._judged(text)
        if verdict is FloorVerdict.TAKES and not self._is_bystander(now):
            return self._give_way()
        if self._ended and text:
            if verdict is FloorVerdict.UNCLEAR and not self._is_bystander(now):
                return self._give_way()
            return self._overheard(text)
        if self._paused_at is None:
            if self._barges_in(now):
                self._paused_at = now
                return (Pause(),)
            return ()
        if self._pause_is_over(verdict, has_words=bool(text), now=now):
            return self._resume()
        if text and verdict is FloorVerdict.UNCLEAR and now - self._paused_at >= self._params.longest_wordless_pause:
            return self._give_way()
        return ()

    def _pause_is_over(self, verdict: FloorVerdict, *, has_words: bool, now: float) -> bool:
        assert self._paused_at is not None  # noqa: S101 - asked only while paused
        params, quiet, age = self._params, now - self._voice_until, now - self._paused_at
        listens = has_words and verdict is FloorVerdict.LISTENS
        if self._is_bystander(now) and age >= params.bystander_known:
            return True
        if has_words and not listens:
            return age >= params.longest_pause and quiet >= params.quiet_after_words
        if quiet >= params.quiet_to_resume or (listens and quiet >= 2 * WINDOW_SECONDS):
            return True
        if age < params.longest_pause:
            return False
        if listens or quiet >= 2 * WINDOW_SECONDS:
            return True
        # A recogniser that tells turns apart says within a quarter of a second that one has begun.
        return not has_words and (self._tells_turns or age >= params.longest_wordless_pause)

    def _barges_in(self, now: float) -> bool:
        if self._voice_since is None or now - self._voice_until > WINDOW_SECONDS / 2:
            return False
        if self._voice_since == self._passed_over:
            return False  # the bot went on in spite of it: only words stop it now
        if self._is_bystander(now) and now - self._voice_since >= self._params.bystander_known:
            return False
        return self._pauses == 0 or now - self._voice_since >= self._params.careful_onset

    def _is_bystander(self, now: float) -> bool:
        if self._usual_level is None or self._voice_since is None:
            return False
        lasts = self._voice_until - self._voice_since >= self._params.bystander_patience
        return self._level < self._usual_level - self._params.bystander_db and not lasts

    def _resume(self) -> Sequence[Act]:
        self._paused_at = None
        self._passed_over = self._voice_since
        self._pauses += 1
        return (Resume(),)

    def _give_way(self) -> Sequence[Act]:
        """The bot stops; what was said so far is the beginning of a turn, or even all of it."""
        self._paused_at = None
        self._ahead = None
        return (GiveWay(),)

    def _overheard(self, text: str) -> Sequence[Act]:
        self._clear_turn()
        acts: list[Act] = [Overheard(text)]
        if self._paused_at is not None:
            acts += self._resume()
        return acts

    def _of_turn(self, now: float) -> Sequence[Act]:
        text = self._text
        quiet = now - self._voice_until
        if not text:
            if self._misheard and quiet >= self._params.misheard:
                self._clear_turn()
                return (TurnOver("", None, understood=False),)
            return ()
        if self._is_late_echo(text, now):
            return self._overheard(text)
        end = self._turn_end(text)
        acts: list[Act] = []
        if self._ahead is not None and not same_words(self._ahead, text):
            self._ahead = None
            acts.append(Withdraw())
        if quiet >= self._wait(end):
            acts.append(self._end_turn(text))
        elif self._asks_melody(end, quiet):
            self._melody_asked = True
            acts.append(AskMelody())
        elif self._prepares(end, quiet):
            self._ahead = text
            self._ahead_count += 1
            acts.append(Prepare(text, self._heard_language))
        return acts

    def _is_late_echo(self, text: str, now: float) -> bool:
        """Whether these are words of the bot that the recogniser tells late; nobody has spoken since."""
        if self._sounded_at > self._bot_until or now - self._bot_until > self._params.echo_late:
            return False
        return self._judge.is_echo(text, bot_was_saying=self._bot.saying)

    def _wait(self, end: TurnEnd) -> float:
        """How long the caller has to be quiet for the turn to be over."""
        params = self._params
        covered = self._vouched or self._words_at - self._voice_until >= 3 * WINDOW_SECONDS
        match end:
            case TurnEnd.COMPLETE:
                wait = self._complete_wait()
            case TurnEnd.UNFINISHED:
                return params.unfinished
            case TurnEnd.UNCLEAR:
                wait = self._unclear_wait()
        if self._inner_pause >= params.slow_from:
            slow = max(params.slow_least, params.slow_speaker * self._inner_pause)
            wait = min(params.slow_most, max(wait, slow))
        return wait if covered else max(wait, params.unvouched)

    def _complete_wait(self) -> float:
        if not self._tells_turns:
            return self._params.complete_unvouched
        return self._params.complete if self._vouched else self._params.complete_unsure

    def _unclear_wait(self) -> float:
        if not self._tells_turns:
            return self._unclear_unvouched_wait()
        # An end that is only predicted is none yet: where the words do not say so either, it is waited for.
        return self._params.unclear_ended if self._ended else self._params.unfinished

    def _unclear_unvouched_wait(self) -> float:
        params = self._params
        if self._melody is not None and self._melody >= params.melody_over:
            return params.unclear_melody
        if self._melody is not None and self._melody <= params.melody_goes_on:
            return params.unfinished
        return params.unclear_unvouched

    def _asks_melody(self, end: TurnEnd, quiet: float) -> bool:
        if self._tells_turns or self._melody_asked or end is not TurnEnd.UNCLEAR:
            return False
        return quiet >= self._params.melody_asked

    def _prepares(self, end: TurnEnd, quiet: float) -> bool:
        if self._ahead is not None or self._ahead_count >= self._params.ahead_a_turn:
            return False
        if end is TurnEnd.UNFINISHED:
            return quiet >= self._params.ahead_unfinished
        if end is TurnEnd.COMPLETE:
            return True
        return self._ended or quiet >= self._params.ahead_quiet

    def _end_turn(self, text: str) -> TurnOver:
        over = TurnOver(text, self._heard_language, continues=self._continues)
        if self._turn_level > self._params.faint_db:
            usual = self._usual_level
            self._usual_level = self._turn_level if usual is None else 0.7 * usual + 0.3 * self._turn_level
        self._clear_turn()
        return over

    # Parts

    def _is_fading(self, level_db: float, now: float) -> bool:
        """Whether what sounds like a voice is only what is left of one."""
        if level_db < self._params.faint_db:
            return True
        return now - self._voice_until <= self._params.join and level_db < self._level - self._params.fading_db

    def _go_on_voicing(self, now: float) -> None:
        params = self._params
        gap = self._run_since - self._voice_until
        if self._voice_since is None or gap > params.join:
            if self._text and not self._bot_has_floor:
                self._inner_pause = max(self._inner_pause, gap)
            self._voice_since = self._run_since
            self._level = -100.0
            self._melody, self._melody_asked = None, False
        self._level = max(self._level, self._run_level)
        self._turn_level = max(self._turn_level, self._level)
        self._voice_until = self._sounded_at = now

    def _resumed(self, now: float) -> Sequence[Act]:
        """The recogniser takes back that the turn may be over."""
        self._vouched = self._ended = False
        if self._taken and self._bot_has_floor:
            # We took the turn before it was over, and the caller goes on.
            self._continues = True
            return self._give_way()
        return self._decide(now)

    def _carry(self) -> None:
        """The recogniser's turn is over, ours may go on: its words stay, the next ones begin anew."""
        self._carried = self._text
        self._current, self._taken = [], 0

    def _clear_turn(self) -> None:
        """The words are taken; what the recogniser still says of them is known."""
        self._taken = len(self._current)
        self._carried = ""
        self._vouched = self._ended = self._misheard = self._continues = False
        self._inner_pause, self._turn_level = 0.0, -100.0
        self._ahead, self._ahead_count = None, 0

    def _turn_end(self, text: str) -> TurnEnd:
        asked = (text, self.language, self.expects, self._inner_pause >= self._params.slow_from)
        if self._end is None or self._end[0] != asked:
            end = judge_turn_end(text, language=self.language, expects=self.expects, in_pieces=asked[3])
            self._end = (asked, end)
        return self._end[1]

    def _judged(self, text: str) -> FloorVerdict:
        if not text:
            return FloorVerdict.UNCLEAR
        if self._verdict is None or self._verdict[0] != text:
            verdict = self._judge.judge(
                text, language=self.language, bot_was_saying=self._bot.saying, expects=self.expects
            )
            self._verdict = (text, verdict)
        return self._verdict[1]


def same_words(one: str, other: str) -> bool:
    """Whether two transcripts are the same but for their writing."""
    return _WORD.findall(one.casefold()) == _WORD.findall(other.casefold())
