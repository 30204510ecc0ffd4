"""What a call's sound says of the bot: how soon it answers and yields, and whether it goes on when it should.

All is judged from what the caller heard and did, on the caller's sample clock; nothing is asked of the server.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rehearsal.rehearse.bot_track import Run, is_complete
from rehearsal.rehearse.caller import Deed
from rehearsal.rehearse.figures import Figures
from rehearsal.rehearse.reference import ReferenceBank
from rehearsal.rehearse.scenario import Kind

ANSWER_WITHIN_SECONDS = 5.0
"""A question without an answer for so long is a missed turn."""

GOES_ON_WITHIN_SECONDS = 1.0
"""A bot that stops for longer at a sound that is none of its business has stopped falsely."""

MAY_REPEAT_WORDS = 2

_REACTION_SECONDS = 1.5  # after a sound's end a stop may still be its effect
_ENOUGH_LEFT_SECONDS = 0.6  # a bot that is about to finish cannot be seen to stop
_FINISHED_SECONDS = 0.5
_PAUSE_SECONDS = 0.1
_HUNG_UP_SECONDS = 0.1
_GLITCH_SECONDS = 0.005
_TALK_GAP_SECONDS = 1.2
_REPLY_GAP_SECONDS = 3.0

_SEEN_SECONDS = GOES_ON_WITHIN_SECONDS + 0.2  # for which a call goes on after a sentence, for silence to be judged

_FALSE_STOPS = {
    Kind.BACKCHANNEL: "false_stop_backchannel",
    Kind.NOISE: "false_stop_noise",
    Kind.SIDE_TALK: "false_stop_side_talk",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardCall:
    """One call as its caller knows it; times in seconds on the call's clock.

    `stream_start` is when Media Streams' `start` went out, None where there never was one; `seconds` is when the last
    sound was heard or not heard.
    """

    scenario: str
    deeds: tuple[Deed, ...]
    runs: tuple[Run, ...]
    stream_start: float | None
    seconds: float
    has_echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The bot broke off in a sentence: the silence added, words that were lost or said twice when it went on."""

    at: float
    added_seconds: float
    lost: int = 0
    repeated: int = 0

    @property
    def is_false(self) -> bool:
        """Whether the caller misses something of it, given that nothing asked the bot to stop."""
        return self.added_seconds > GOES_ON_WITHIN_SECONDS or self.lost > 0 or self.repeated > MAY_REPEAT_WORDS


class Judge:
    """Measures calls. `openers` are the texts of the bot's openers, `model_sentences` what its model can have said."""

    def __init__(
        self,
        bank: ReferenceBank,
        *,
        openers: frozenset[str] = frozenset(),
        model_sentences: frozenset[str] = frozenset(),
    ) -> None:
        self._bank = bank
        self._openers = openers
        self._model_sentences = model_sentences
        self._followed: dict[int, list[bool]] = {}

    def judge(self, calls: Sequence[HeardCall]) -> Figures:
        """All measures of all calls."""
        self._followed.clear()
        for call in calls:
            self._learn_sequels(call)
        figures = Figures()
        for call in calls:
            self._measure(call, figures)
        return figures

    def _measure(self, call: HeardCall, figures: Figures) -> None:
        if call.runs and call.stream_start is not None:
            figures.add("greeting", call.runs[0].start - call.stream_start)
        for index, deed in enumerate(call.deeds):
            following = call.deeds[index + 1].onset if index + 1 < len(call.deeds) else math.inf
            match deed.kind:
                case Kind.QUESTION | Kind.OPEN_QUESTION:
                    self._question(call, deed, following, figures)
                case Kind.DICTATION:
                    self._dictation(call, deed, following, figures)
                case Kind.BARGE_IN:
                    self._barge_in(call, deed, figures)
                case Kind.BACKCHANNEL | Kind.NOISE | Kind.SIDE_TALK:
                    self._disturbance(call, deed, figures)
                case Kind.SILENCE:
                    self._silence(call, deed, figures)
                case Kind.STATEMENT:
                    pass
        if call.has_echo:
            self._echo(call, figures)
        self._late_audio(call, figures)

    # Turns

    def _question(self, call: HeardCall, deed: Deed, following: float, figures: Figures) -> None:
        if _run_at(call.runs, deed.onset) is not None:
            return  # said over the bot: not the clean exchange that is meant
        early = any(deed.onset < run.start < deed.end for run in call.runs)
        figures.count("false_start_in_speech", early)
        if early:
            return
        reply = _reply_after(call.runs, deed.end, following)
        answered = bool(reply) and reply[0].start - deed.end <= ANSWER_WITHIN_SECONDS
        figures.count("missed_turn", not answered)
        if not answered:
            return
        figures.add("answer", reply[0].start - deed.end)
        content = reply[0]
        if len(reply) > 1 and self._text(reply[0]) in self._openers:
            content = reply[1]
            figures.add("seam", content.start - reply[0].end)
        figures.add("content", content.start - deed.end)
        modelled = next((run for run in reply if self._text(run) in self._model_sentences), None)
        if modelled is not None:
            figures.add("content_model", modelled.start - deed.end)

    def _dictation(self, call: HeardCall, deed: Deed, following: float, figures: Figures) -> None:
        for pause in deed.pauses:
            figures.count("false_start", any(run.start < pause.end and run.end > pause.start for run in call.runs))
        reply = _reply_after(call.runs, deed.end, following)
        if reply and reply[0].start - deed.end <= ANSWER_WITHIN_SECONDS:
            figures.add("answer_after_pauses", reply[0].start - deed.end)

    def _silence(self, call: HeardCall, deed: Deed, figures: Figures) -> None:
        """The first time the bot breaks the silence after what it had to say."""
        said = [run for run in call.runs if deed.onset - 1.0 <= run.end and run.start < deed.end]
        asked = next((b.start - a.end for a, b in itertools.pairwise(said) if b.start - a.end > 2.0), None)
        figures.count("left_in_silence", asked is None)
        if asked is not None:
            figures.add("asked_again_after", asked)

    # Over the bot

    def _barge_in(self, call: HeardCall, deed: Deed, figures: Figures) -> None:
        index = _run_at(call.runs, deed.onset)
        if index is None:
            figures.count("not_placed", True)
            return
        silent_at, yielded = self._floor_given(call.runs, index, deed.onset)
        if not yielded and silent_at - deed.onset < _FINISHED_SECONDS:
            figures.count("not_placed", True)
            return
        figures.count("not_placed", False)
        figures.count("talked_on", not yielded)
        figures.add("yield_over_echo" if call.has_echo else "yield", max(0.0, silent_at - deed.onset))

    def _floor_given(self, runs: Sequence[Run], index: int, onset: float) -> tuple[float, bool]:
        """When the bot fell silent from run `index` on, and whether it broke off rather than finished."""
        for number in range(index, len(runs)):
            run, sequel = runs[number], runs[number + 1] if number + 1 < len(runs) else None
            if run.end <= onset:
                continue
            gap = sequel.start - run.end if sequel is not None else math.inf
            if run.reference is not None and not is_complete(run, self._bank):
                stop = self._stop(run, sequel)
                if stop.added_seconds >= _PAUSE_SECONDS or stop.lost or stop.repeated:
                    return run.end, True
            elif gap > GOES_ON_WITHIN_SECONDS:
                # Of unknown sound nobody can tell whether it broke off: falling silent soon counts as yielding.
                return run.end, run.reference is None
        return runs[-1].end, False

    def _disturbance(self, call: HeardCall, deed: Deed, figures: Figures) -> None:
        index = _run_at(call.runs, deed.onset)
        placed = index is not None and self._goes_on_unhindered(call, index, deed.onset)
        figures.count("not_placed", not placed)
        if not placed:
            return
        stops = self._stops(call, deed.onset, deed.end + _REACTION_SECONDS)
        figures.count(_FALSE_STOPS[deed.kind], any(stop.is_false for stop in stops))
        self._add_pauses(stops, figures)

    def _goes_on_unhindered(self, call: HeardCall, index: int, onset: float) -> bool:
        """Whether there is enough left to say at this moment for a stop to be seen."""
        run = call.runs[index]
        if run.reference is None:
            return False
        left = self._bank.references[run.reference].seconds - run.begins - (onset - run.start)
        return left >= _ENOUGH_LEFT_SECONDS

    def _echo(self, call: HeardCall, figures: Figures) -> None:
        """Each talk that only its own echo accompanies is a case."""
        for talk in _talks(call.runs):
            start, end = talk[0].start, talk[-1].end
            known = any(run.reference is not None for run in talk)
            whole = all(is_complete(run, self._bank) for run in talk)
            if not known or (whole and end - start < 1.0) or _accompanied(call, start, end):
                continue
            stops = self._stops(call, start, end + 0.01)
            figures.count("false_stop_echo", any(stop.is_false for stop in stops))
            self._add_pauses(stops, figures)

    def _add_pauses(self, stops: Iterable[Stop], figures: Figures) -> None:
        for stop in stops:
            if not stop.is_false and stop.added_seconds >= _PAUSE_SECONDS:
                figures.add("pause_resumed", stop.added_seconds)

    def _stops(self, call: HeardCall, start: float, end: float) -> list[Stop]:
        """Where the bot broke off between two moments."""
        stops: list[Stop] = []
        for number, run in enumerate(call.runs):
            if not start <= run.end <= end or run.reference is None:
                continue
            sequel = call.runs[number + 1] if number + 1 < len(call.runs) else None
            gap = sequel.start - run.end if sequel is not None else math.inf
            if call.seconds - run.end < _HUNG_UP_SECONDS:
                break  # the caller's own hanging up cut it
            if not is_complete(run, self._bank):
                stops.append(self._stop(run, sequel))
            elif gap > _SEEN_SECONDS and call.seconds - run.end > _SEEN_SECONDS and self._should_go_on(run.reference):
                stops.append(Stop(at=run.end, added_seconds=gap))
        return stops

    def _stop(self, run: Run, sequel: Run | None) -> Stop:
        """What became of a sentence after the bot broke off in it."""
        if run.reference is None:
            return Stop(at=run.end, added_seconds=sequel.start - run.end if sequel else math.inf)
        sentence = self._bank.references[run.reference]
        if sequel is None or sequel.reference != run.reference:
            added = sequel.start - run.end if sequel else math.inf
            return Stop(at=run.end, added_seconds=added, lost=sentence.words_between(run.ends, math.inf))
        silence = sequel.start - run.end
        return Stop(
            at=run.end,
            added_seconds=silence - max(0.0, sequel.begins - run.ends),
            lost=sentence.words_between(run.ends, sequel.begins),
            repeated=sentence.words_between(sequel.begins, run.ends),
        )

    # What usually follows

    def _learn_sequels(self, call: HeardCall) -> None:
        """Remember of each sentence whether the bot, undisturbed, goes on after it."""
        for number, run in enumerate(call.runs):
            if run.reference is None or not is_complete(run, self._bank):
                continue
            if call.has_echo or any(d.onset < run.end + 1.0 and d.end > run.start - 0.5 for d in call.deeds):
                continue
            goes_on = number + 1 < len(call.runs) and call.runs[number + 1].start - run.end <= GOES_ON_WITHIN_SECONDS
            self._followed.setdefault(run.reference, []).append(goes_on)

    def _should_go_on(self, reference: int) -> bool:
        known = self._followed.get(reference, [])
        return len(known) >= 2 and all(known)

    def _late_audio(self, call: HeardCall, figures: Figures) -> None:
        """Gaps inside a sentence that nothing but late audio explains."""
        seconds = sum(run.end - run.start for run in call.runs)
        gaps = 0
        for run, sequel in itertools.pairwise(call.runs):
            if run.reference is None or run.reference != sequel.reference or is_complete(run, self._bank):
                continue
            stop = self._stop(run, sequel)
            quiet = not any(d.onset < run.end and d.end + _REACTION_SECONDS > run.end for d in call.deeds)
            if quiet and not stop.is_false and stop.added_seconds > _GLITCH_SECONDS:
                gaps += 1
                figures.add("late_audio", stop.added_seconds)
        figures.single["bot_talk_seconds"] = figures.single.get("bot_talk_seconds", 0.0) + seconds
        figures.single["late_gaps"] = figures.single.get("late_gaps", 0.0) + gaps

    def _text(self, run: Run) -> str | None:
        return None if run.reference is None else self._bank.references[run.reference].text


def _accompanied(call: HeardCall, start: float, end: float) -> bool:
    """Whether the caller made a sound of its own between two moments."""
    return any(deed.onset < end + 0.2 and deed.end > start - 0.2 for deed in call.deeds)


def _run_at(runs: Sequence[Run], moment: float) -> int | None:
    """The run that is heard at a moment."""
    return next((number for number, run in enumerate(runs) if run.start <= moment < run.end), None)


def _reply_after(runs: Sequence[Run], moment: float, until: float) -> list[Run]:
    """The runs of the first reply that begins after a moment and before another."""
    reply: list[Run] = []
    for run in runs:
        if run.start < moment:
            continue
        if run.start >= until or (reply and run.start - reply[-1].end > _REPLY_GAP_SECONDS):
            break
        reply.append(run)
    return reply


def _talks(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs grouped by long silences."""
    talks: list[list[Run]] = []
    for run in runs:
        if talks and run.start - talks[-1][-1].end <= _TALK_GAP_SECONDS:
            talks[-1].append(run)
        else:
            talks.append([run])
    return talks
