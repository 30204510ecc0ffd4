"""How whole a stretch of English is, by its words alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.analysis.clause import Reading, Shape, ends_with_any
from bot.analysis.clause_words_en import (
    ADVERBS_OPEN,
    ALWAYS_OPEN,
    ASKING,
    AUX,
    BE,
    CLOSING,
    CLOSING_MARKS,
    CONJUNCTIONS,
    CONTRACTED,
    DETERMINERS,
    DO,
    ELLIPTIC,
    EMBEDDED_BE,
    HEAD,
    IMPERATIVES,
    INTRANSITIVE,
    INVERTED_ONLY,
    LEADS,
    LONGEST_PHRASE,
    MODAL,
    NEEDS_NOUN,
    NUMBER,
    OBJECT_VERBS,
    PARTICLE_VERBS,
    PERFECT,
    QUESTION_BE,
    REPORT,
    SETUP,
    SOFT_PREPOSITIONS,
    SOFT_VERBS,
    SPEAK,
    STRANDED,
    SUBJECTS,
    SUBORDINATORS,
    THAT_AFTER,
    THINKING,
    TRAILS,
    WH,
    WHOLE,
    WHOLE_PHRASES,
    YES_NO,
)
from bot.analysis.verbs import EN_BASES, EN_VERBS


def read_english(words: Sequence[str], *, asked_yes_no: bool) -> Reading:
    """How whole lower-case words are. `asked_yes_no`: elliptic answers ("I'd love to") are whole."""
    ending = " ".join(words[-8:])
    if any(mark in ending for mark in CLOSING_MARKS) and CLOSING.search(ending):
        return Reading(shape=Shape.SURE, clauses=2)
    if ends_with_any(words, THINKING) or (words[-2:] == ["i", "mean"] and "what" not in words):
        return Reading(shape=Shape.OPEN)
    rest = _without_trail(words)
    if 1 < len(rest) <= LONGEST_PHRASE and WHOLE_PHRASES.fullmatch(" ".join(rest)):
        return Reading(shape=Shape.SURE, clauses=1)
    core = _without_lead(rest)
    if not core:
        return _only_marks(rest)
    core_text = " ".join(core)
    if len(core) == 1 and core[0] in WH:
        return Reading(shape=Shape.LIKELY, clauses=1)
    if core_text in {"how much", "how long", "what time", "how often", "i guess", "i suppose"}:
        return Reading(shape=Shape.LIKELY, clauses=1)
    if SPEAK.match(core_text):
        return Reading(shape=Shape.SURE, clauses=1)
    if (len(core) <= LONGEST_PHRASE and WHOLE_PHRASES.fullmatch(core_text)) or (len(core) == 1 and core[0] in WHOLE):
        return Reading(shape=Shape.SURE, clauses=1)
    if asked_yes_no and ELLIPTIC.fullmatch(core_text):
        return Reading(shape=Shape.CLAUSE, clauses=1)
    tail = _tail(
        core, core_text, elliptic=asked_yes_no or (len(rest) > len(core) and rest[0] in {"yes", "no", "yeah", "yep"})
    )
    if tail is not None:
        return Reading(shape=tail)
    return _clause(core, core_text)


def _without_trail(words: Sequence[str]) -> Sequence[str]:
    end = len(words)
    while end > 1 and (words[end - 1] in TRAILS or (words[end - 1] == "you" and words[end - 2] == "thank" and end > 2)):
        end -= 2 if words[end - 1] == "you" else 1
    return words[:end]


def _without_lead(words: Sequence[str]) -> Sequence[str]:
    start = 0
    while start < len(words) and (words[start] in LEADS or (words[start] == "please" and start + 1 < len(words))):
        if words[start] in {"like", "look", "right", "just"} and start + 1 == len(words) and start == 0:
            break
        if (
            words[start] == "no"
            and start + 1 < len(words)
            and words[start + 1] in EN_VERBS | {"time", "money", "one", "thanks", "need", "contract"}
            and not words[start + 1].endswith("n't")
        ):
            break
        start += 1
    return words[start:]


def _only_marks(words: Sequence[str]) -> Reading:
    last = words[-1]
    if last in YES_NO or last in {"hi", "hello", "hey", "good", "sorry", "cool"}:
        return Reading(
            shape=Shape.SURE if last in YES_NO or last in {"hi", "hello", "hey", "sorry"} else Shape.LIKELY, clauses=1
        )
    return Reading(shape=Shape.OPEN)


def _tail(words: Sequence[str], text: str, *, elliptic: bool) -> Shape | None:
    """The shape that the last words alone decide; None where they leave it open to the rest."""
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    if ASKING.match(text):
        return Shape.OPEN
    if (last in SOFT_PREPOSITIONS and STRANDED.search(text)) or QUESTION_BE.fullmatch(text):
        return Shape.SURE
    if last in BE and EMBEDDED_BE.search(text):
        return Shape.CLAUSE if HEAD.match(text) else Shape.OPEN
    if last in AUX - DO - PERFECT or last in DO | PERFECT:
        return _auxiliary_tail(words, last, before, elliptic=elliptic)
    if (
        last in ALWAYS_OPEN
        and not (last == "being" and before in {"human", "well"})
        and not (last == "been" and "how" in words)
    ):
        return Shape.OPEN
    if (
        before in AUX
        and INVERTED_ONLY.search(text)
        and (last != "you" or before != "are" or words[0] in {"what", "are"})
    ):
        if last not in {"this", "that"} and (words[0] in WH | AUX or last in {"i", "we", "they", "he", "she"}):
            return Shape.OPEN
    if last in {"you", "it", "there"} and (
        not before or before in CONJUNCTIONS | {"that", "what", "how"} or (before == "which")
    ):
        return Shape.OPEN
    if last in {"this", "that", "these", "those"}:
        if before == "me" and "asked" in words:
            return None
        if before in REPORT and not (words[0] in WH and before in BE and len(words) <= 4 and words[1] not in EN_VERBS):
            return Shape.OPEN
        if last == "that" and before not in THAT_AFTER and not (words[0] in WH and before in BE | {"does", "did"}):
            return Shape.FRAGMENT if before in EN_BASES else Shape.OPEN
        return Shape.OPEN if before in CONJUNCTIONS or not before else None
    if last in SOFT_PREPOSITIONS:
        return (
            None
            if last in {"in", "on", "over", "through", "around", "after", "before"} and before in PARTICLE_VERBS
            else Shape.OPEN
        )
    return _modifier_tail(words, last, before)


def _auxiliary_tail(words: Sequence[str], last: str, before: str, *, elliptic: bool) -> Shape | None:
    if (
        last in {"do", "have", "did", "had", "does", "has"}
        and words[0] in WH
        and any(word in AUX for word in words[1:-1])
    ):
        return Shape.CLAUSE if last == "do" else Shape.LIKELY
    if elliptic and before in SUBJECTS:
        return Shape.CLAUSE
    if last.endswith("n't") and before in SUBJECTS and len(words) == 2:
        return Shape.FRAGMENT
    if last == "do" and before in {"to", "can", "i", "you", "we"} and len(words) > 3:
        return Shape.FRAGMENT if before != "to" else Shape.LIKELY
    return Shape.OPEN


def _modifier_tail(words: Sequence[str], last: str, before: str) -> Shape | None:
    if last == "so":
        return None if before in {"think", "hope", "guess", "believe", "say", "suppose", "or", "do"} else Shape.OPEN
    if last == "too":
        return Shape.OPEN if before in BE or before.endswith(("'s", "'m", "'re")) or before in {"way", "much"} else None
    if last in ADVERBS_OPEN and last not in {"already", "definitely", "often", "maybe", "perhaps"}:
        return (
            Shape.OPEN
            if before in SUBJECTS | AUX
            or before.endswith(("'s", "'m", "'re", "'ve", "'d"))
            or last in {"not", "quite", "pretty", "rather", "mainly", "almost", "especially"}
            else Shape.FRAGMENT
        )
    if last in {"maybe", "perhaps"}:
        return Shape.OPEN
    if last in {"next", "last"} and before in {
        "",
        "the",
        "my",
        "on",
        "for",
        "until",
        "say",
        "about",
        "of",
        "in",
        "than",
    }:
        return Shape.OPEN
    if last in {"more", "less", "other", "many", "much", "most"}:
        if last == "more" and before in {
            "know",
            "hear",
            "learn",
            "exercise",
            "train",
            "move",
            "any",
            "bit",
            "little",
            "no",
            "once",
        }:
            return None
        return (
            None
            if last == "much" and before in {"too", "so", "that", "very", "as", "how", "it", "this"}
            else Shape.FRAGMENT
            if last == "more"
            else Shape.OPEN
        )
    if (
        len(words) > 1
        and NUMBER.fullmatch(last)
        and not (last == "one" and before.endswith(("er", "st", "that", "this")))
        and before not in {"at", "until", "till", "by", "around", "after", "before", "number", "only", "am", "i'm"}
    ):
        return Shape.FRAGMENT
    if before in {"a", "an", "the", "my", "your", "some", "any"} and last in NEEDS_NOUN and last != "own":
        return Shape.FRAGMENT if last in {"little", "few", "couple", "best", "same"} and before == "a" else Shape.OPEN
    if last in WH and len(words) > 1:
        return Shape.SURE if len(words) == 2 and words[0] in CONJUNCTIONS else Shape.FRAGMENT
    if last in OBJECT_VERBS:
        return _object_tail(words, last, before)
    return None


def _object_tail(words: Sequence[str], last: str, before: str) -> Shape | None:
    """A verb whose object has not come: open, unless a question word in front is the object."""
    if before in DETERMINERS or (before in {"for", "of"} and last in {"use", "show", "book"}):
        return None
    if words[0] in WH and any(word in AUX or word in CONTRACTED for word in words[:-1]):
        return (
            None
            if last not in {"say", "think", "mean", "guess", "tell", "try", "become"} or last in {"mean"}
            else Shape.LIKELY
        )
    if (
        " ".join(words[:2]) in {"that's what", "that is", "it's what", "whatever you"}
        or "what" in words[1:-2]
        or ("you" in words[1:-1] and words[0] == "whatever")
    ):
        return Shape.CLAUSE
    if last in {
        "felt",
        "feeling",
        "thought",
        "book",
        "use",
        "check",
        "cover",
        "offer",
        "show",
        "hope",
        "try",
        "wonder",
    } and before not in SUBJECTS | AUX | {"to"}:
        return None
    return Shape.OPEN


def _clause(words: Sequence[str], text: str) -> Reading:
    first = words[0]
    if first == "may" and len(words) > 1 and words[1] not in SUBJECTS | DETERMINERS:
        return Reading(shape=Shape.FRAGMENT)  # the month
    count = _predicates(words)
    narrative = any(word in {"was", "were", "had", "tried", "started", "used", "went", "did", "been"} for word in words)
    soft = words[-1] in SOFT_VERBS and not any(word in WH for word in words)
    if first in WH and not (first == "when" and len(words) > 1 and words[1] not in AUX):
        return Reading(shape=_question(words, text), clauses=max(count, 1))
    if (first in AUX and first not in {"don't", "do"}) or (
        first in {"do", "don't"} and len(words) > 1 and words[1] in SUBJECTS | DETERMINERS | {"people", "most"}
    ):
        return Reading(shape=_inverted(words, 0), clauses=max(count, 1))
    if first in SUBORDINATORS and count < 2:
        if first in {"because", "cause", "cuz", "since"} and count:
            return Reading(shape=Shape.LIKELY, clauses=1)
        return Reading(
            shape=Shape.OPEN
            if first in {"if", "when", "unless", "although", "while", "whenever"} or count
            else Shape.FRAGMENT
        )
    if SETUP.match(text) and not any(word in BE or word == "that's" for word in words[2:]):
        return Reading(shape=Shape.OPEN)
    if (
        first in IMPERATIVES
        and len(words) > 1
        and (first in EN_BASES or first in {"don't", "never", "unsubscribe", "cancel"})
    ):
        return Reading(shape=_imperative(words), clauses=max(count, 1))
    if count:
        if (
            (len(words) == 2 and first in SUBJECTS)
            or words[-1] == "not"
            or (
                words[-1] in {"me", "us"}
                and words[-2] in {"told", "asked", "gave", "sent", "call", "help", "send", "give"}
            )
        ):
            return Reading(shape=Shape.LIKELY, clauses=count, narrative=narrative)
        if _wants_object(words):
            return Reading(shape=Shape.LIKELY, clauses=count, narrative=narrative)
        if soft and words[-1] != "see":
            return Reading(shape=Shape.LIKELY, clauses=count, narrative=narrative)
        if words[-1] in {"know", "sure", "guess", "suppose"} and re.search(
            r"\bi (?:don't|do not) know$|\bnot sure$|\bi guess$|\bi suppose$", text
        ):
            return Reading(shape=Shape.LIKELY, clauses=count)
        if words[-1] in {"question", "questions"} and re.search(
            r"\b(?:have|get|ask) (?:a|one|another|some) questions?$", text
        ):
            return Reading(shape=Shape.LIKELY, clauses=count)
        return Reading(shape=Shape.CLAUSE, clauses=count, narrative=narrative)
    return Reading(shape=_fragment(words))


def _wants_object(words: Sequence[str]) -> bool:
    """Whether the last word is a verb that mostly takes an object, and none stands in front of it."""
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last not in EN_VERBS or last in INTRANSITIVE or last.endswith("ing") or any(word in WH for word in words):
        return False
    return before in SUBJECTS or (
        last not in EN_BASES
        and before
        not in BE
        | CONTRACTED
        | ADVERBS_OPEN
        | DETERMINERS
        | {
            "get",
            "got",
            "be",
            "been",
            "so",
            "too",
            "very",
            "feel",
            "more",
            "me",
            "you",
            "us",
            "it",
            "them",
            "him",
            "her",
        }
    )


def _question(words: Sequence[str], text: str) -> Shape:
    first = words[0]
    if first in {"what", "how"} and len(words) > 2 and words[1] == "about":
        return Shape.SURE
    if re.match(r"^(?:what if|how come)\b", text):
        return Shape.SURE if _predicates(words[2:]) else Shape.OPEN
    if (
        first in {"what", "how", "where", "why"}
        and len(words) > 1
        and words[1] in SUBJECTS | {"my", "our", "your", "his"}
        and words[1] not in {"that", "this", "there"}
    ):
        return Shape.CLAUSE if any(word in BE for word in words[3:-1]) else Shape.OPEN
    auxiliary = next(
        (index for index, word in enumerate(words) if word in AUX or (word.endswith("'s") and word in WH | {"that's"})),
        None,
    )
    if auxiliary is None:
        verb = any(word in EN_VERBS and word not in EN_BASES for word in words[1:])
        if first in {"who", "what"} and (verb or (first == "who" and len(words) > 2)):
            return Shape.SURE
        return Shape.SURE if verb and first in {"which", "how"} and words[1] not in SUBJECTS else Shape.OPEN
    return _inverted(words, auxiliary, asked=True)


def _inverted(words: Sequence[str], at: int, *, asked: bool = False) -> Shape:
    """A question from its auxiliary on: whole once subject and predicate are there."""
    auxiliary, rest = words[at], words[at + 1 :]
    if not rest:
        return Shape.OPEN
    if auxiliary in DO | MODAL:
        verbs = [
            word
            for index, word in enumerate(rest)
            if word in EN_BASES and not (index and rest[index - 1] in DETERMINERS)
        ]
        if asked and not verbs and auxiliary in MODAL and rest[0] not in SUBJECTS | DETERMINERS:
            return Shape.SURE
        if (
            rest[-2:-1] not in (["this"], ["the"], ["that"], ["my"], ["a"])
            and rest[-1] in {"me", "us", "call", "change", "see", "get", "send"}
            and rest[0] == "you"
        ):
            return Shape.LIKELY
        if not verbs and rest[0] in SUBJECTS and len(rest) > 1 and rest[1] not in DETERMINERS | ADVERBS_OPEN:
            return Shape.SURE if len(rest) > 3 else Shape.LIKELY  # a verb that the list does not know
        return Shape.SURE if verbs and not (len(rest) == 1) else Shape.OPEN
    if auxiliary in PERFECT:
        return Shape.SURE if len(rest) > 1 else Shape.OPEN
    if asked:
        if len(rest) == 1 and rest[0] in {"difference", "your", "included", "wrong"}:
            return Shape.SURE
        if rest[-1] in {"difference", "best", "first", "monthly", "free", "new", "main"} and rest[0] in DETERMINERS:
            return Shape.FRAGMENT if rest[-1] == "difference" else Shape.OPEN
        if rest[0] in {"you", "we", "they", "i", "he", "she"} and len(rest) == 1:
            return Shape.FRAGMENT
        return Shape.SURE
    if len(rest) > 2 or (len(rest) == 2 and rest[0] in SUBJECTS and rest[1] not in DETERMINERS):
        return Shape.SURE
    return Shape.FRAGMENT if len(rest) == 2 else Shape.OPEN


def _imperative(words: Sequence[str]) -> Shape:
    if words[-1] == "me" and words[-2] in {"tell", "give", "send", "let", "show", "get"}:
        return Shape.OPEN
    if words[:2] in (["let", "me"], ["let", "us"]) or words[0] == "let":
        return Shape.LIKELY if len(words) > 3 else Shape.OPEN
    if words[-1] == "me" and words[0] in {"call", "help"}:
        return Shape.FRAGMENT
    if words[0] in {"go", "come", "get", "try", "do", "say"}:
        return Shape.LIKELY
    return Shape.SURE


def _predicates(words: Sequence[str]) -> int:
    """How many finite verbs with a subject there are, roughly."""
    count = 0
    skip = -1
    for index, word in enumerate(words):
        if index <= skip:
            continue
        before = words[index - 1] if index else ""
        if word in CONTRACTED and index + 1 < len(words):
            count, skip = count + 1, index + 1
        elif word in AUX:
            if index or (len(words) > 2):
                count, skip = count + 1, index + 2
        elif word in EN_VERBS and index:
            ordinary = before not in DETERMINERS and before not in {
                "to",
                "of",
                "for",
                "and",
                "or",
                "with",
                "in",
                "by",
                "about",
                "on",
                "from",
                "at",
            }
            finite = not word.endswith("ing")
            if finite and (before in SUBJECTS or (ordinary and (word not in EN_BASES) and before not in AUX)):
                count, skip = count + 1, index
            elif finite and before in ADVERBS_OPEN and index > 1 and words[index - 2] in SUBJECTS:
                count += 1
            elif (
                finite and index == len(words) - 1 and ordinary and word in {"hurt", "hurts", "work", "matter", "vary"}
            ):
                count += 1
    return count


def _fragment(words: Sequence[str]) -> Shape:
    first, last = words[0], words[-1]
    if first.endswith("ing") and len(first) > 4 and len(words) > 1:
        return Shape.ANSWER
    if first == "to" and len(words) > 2:
        return Shape.ANSWER
    if first in EN_BASES and len(words) > 1 and first not in {"plan", "result", "rest", "cost", "work", "exercise"}:
        return Shape.ANSWER
    if (
        first in {"both", "neither", "all", "either", "not", "too", "more"}
        and len(words) > 1
        and last not in NEEDS_NOUN
    ):
        return Shape.ANSWER
    if first in {"no", "once", "twice"} and len(words) > 1:
        return Shape.ANSWER
    return Shape.FRAGMENT
