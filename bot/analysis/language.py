"""Which language an utterance is in: the recogniser's opinion, common words and a classifier, held steady."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol, cast

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # pyright: ignore[reportMissingTypeStubs]

_COMMON: Final = {
    "en": frozenset(
        "the is are was i i'm you your it it's that that's this what how when where who why do does don't can could "
        "would want to my me for and of with at in on please yes yeah not have need thanks thank hello".split()
    ),
    "es": frozenset(
        "el la los las es soy esta estoy que cual como cuando donde quien por para mi me yo usted su con de en y un "
        "quiero puedo puede tengo gracias hola si mas muy pero al del le lo bueno claro buenos buenas dias".split()
    ),
}
_ASKED: Final = {
    "es": re.compile(
        r"\b(?:in spanish|speak spanish|habla (?:usted )?espanol|hablan espanol|en espanol|prefer spanish)\b"
    ),
    "en": re.compile(
        r"\b(?:in english|speak english|habla (?:usted )?ingles|hablan ingles|en ingles|prefer english)\b"
    ),
}
_GREETINGS: Final = {"hola": "es", "buenas": "es", "buenos": "es"}
"""Single words that do tell the language."""
_SURE: Final = 0.9
_WORDS_TO_SWITCH: Final = 3


class _Identifier(Protocol):
    def set_languages(self, langs: Sequence[str]) -> None: ...

    def classify(self, text: str) -> tuple[str, float]: ...


class LanguageJudge:
    """Judges the language of utterances among those a playbook speaks. Loading takes about a second: build it once.

    Stateless after construction, 13 µs a call. Single words fail any classifier, so little text keeps the language that
    the talk is in; only an outright request or a clear sentence switches.
    """

    def __init__(self, *, languages: tuple[str, ...]) -> None:
        self._languages = languages
        self._identifier: _Identifier | None = None
        if len(languages) > 1:
            self._identifier = cast(
                "_Identifier",
                LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True),  # pyright: ignore[reportUnknownMemberType]
            )
            self._identifier.set_languages(list(languages))

    def judge(self, words: str, *, hint: str | None, current: str) -> str:
        """The language of plain text, given the recogniser's `hint` and the language the talk is in."""
        for language, pattern in _ASKED.items():
            if language in self._languages and pattern.search(words):
                return language
        tokens = words.split()
        if not tokens or self._identifier is None:
            return current
        common = {language: sum(token in _COMMON[language] for token in tokens) for language in self._languages}
        leader = max(common, key=lambda language: common[language])
        lead = common[leader] - max(count for language, count in common.items() if language != leader)
        language, certainty = self._identifier.classify(words)
        if hint in self._languages and hint != current and (len(tokens) >= 2 or common[hint] > common[current]):
            return hint if common[hint] >= common[current] else current
        if lead >= 2:
            return leader
        if tokens[0] in _GREETINGS and _GREETINGS[tokens[0]] in self._languages:
            return _GREETINGS[tokens[0]]
        if lead >= 1 and language == leader and 2 <= len(tokens) <= _WORDS_TO_SWITCH:
            return leader
        if len(tokens) >= _WORDS_TO_SWITCH and certainty >= _SURE and common[language] >= common[current]:
            return language
        return current
