"""What a call's sound says about the bot's manners: how soon it answers, how soon it yields."""

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.line.ear import Segment

_MAX_ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The bot's first audible sample came `seconds` after the caller's last one, which was at `at`."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Yield:
    """The caller began over the bot at `at`; the bot could be heard for `seconds` more.

    `cleared` tells a real yielding from a sentence that ended by itself.
    """

    at: float
    seconds: float
    cleared: bool


def find_answers(*, caller: Sequence[Segment], bot: Sequence[Segment]) -> tuple[Answer, ...]:
    """Answer times after each stretch of the caller's speech that the bot let end and then answered.

    Left out: ends under the bot's talk, ends after which the caller goes on first, and talk more than 15 s later.
    """
    answers: list[Answer] = []
    for index, speech in enumerate(caller):
        resumed = caller[index + 1].start if index + 1 < len(caller) else float("inf")
        if any(talk.start <= speech.end < talk.end for talk in bot):
            continue
        onset = next((talk.start for talk in bot if talk.start > speech.end), None)
        if onset is not None and onset < resumed and onset - speech.end <= _MAX_ANSWER_SECONDS:
            answers.append(Answer(speech.end, onset - speech.end))
    return tuple(answers)


def find_yields(*, caller: Sequence[Segment], bot: Sequence[Segment], clears: Sequence[float]) -> tuple[Yield, ...]:
    """For each time the caller began while the bot was talking: how long the bot went on."""
    yields: list[Yield] = []
    for speech in caller:
        talk = next((talk for talk in bot if talk.start <= speech.start < talk.end), None)
        if talk is None:
            continue
        # A clear that stopped this talk comes at its end, up to the frame still in the earpiece.
        cleared = any(speech.start <= clear and talk.end - 0.2 <= clear <= talk.end + 0.3 for clear in clears)
        yields.append(Yield(speech.start, talk.end - speech.start, cleared))
    return tuple(yields)
