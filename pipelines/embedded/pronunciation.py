"""Phones for the recogniser's words: its own dictionary first, then spelling, then letter-to-sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LetterToSound = Callable[[str], tuple[str, ...]]
"""A word in lower case -> CMU phones without stress; () where it has none."""

_VOWELS = frozenset("aeiouy")
# What a spelling most often sounds like, longest first: for machines without a synthesiser's letter-to-sound rules.
_GRAPHEMES: tuple[tuple[str, str], ...] = (
    ("tion", "SH AH N"), ("igh", "AY"), ("tch", "CH"), ("sch", "SH"), ("ch", "CH"), ("sh", "SH"), ("th", "TH"),
    ("ph", "F"), ("wh", "W"), ("ck", "K"), ("ng", "NG"), ("qu", "K W"), ("oo", "UW"), ("ee", "IY"), ("ea", "IY"),
    ("ai", "EY"), ("ay", "EY"), ("oa", "OW"), ("ow", "OW"), ("ou", "AW"), ("oy", "OY"), ("oi", "OY"), ("au", "AO"),
    ("aw", "AO"), ("ar", "AA R"), ("er", "ER"), ("ir", "ER"), ("ur", "ER"), ("or", "AO R"), ("ie", "IY"),
    ("ll", "L"), ("ss", "S"), ("tt", "T"), ("nn", "N"), ("mm", "M"), ("pp", "P"), ("bb", "B"), ("dd", "D"),
    ("ff", "F"), ("gg", "G"), ("rr", "R"), ("zz", "Z"), ("cc", "K"), ("ce", "S"), ("ci", "S IH"), ("cy", "S IY"),
    ("ge", "JH"), ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"), ("e", "EH"), ("f", "F"), ("g", "G"), ("h", "HH"),
    ("i", "IH"), ("j", "JH"), ("k", "K"), ("l", "L"), ("m", "M"), ("n", "N"), ("o", "AA"), ("p", "P"), ("q", "K"),
    ("r", "R"), ("s", "S"), ("t", "T"), ("u", "AH"), ("v", "V"), ("w", "W"), ("x", "K S"), ("y", "IY"), ("z", "Z"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pronunciations:
    """`entries`: word -> one or more phone strings; `guessed`: the words whose phones came from spelling rules."""

    entries: Mapping[str, tuple[str, ...]]
    guessed: tuple[str, ...]

    def dictionary_text(self) -> str:
        """The recogniser's dictionary file: `word PH PH`, further pronunciations as `word(2)`."""
        lines: list[str] = []
        for word in sorted(self.entries):
            for index, phones in enumerate(self.entries[word], start=1):
                lines.append(f"{word if index == 1 else f'{word}({index})'} {phones}")
        return "\n".join(lines) + "\n"


def read_dictionary(path: Path) -> dict[str, tuple[str, ...]]:
    """A dictionary file as word -> pronunciations."""
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        head, _, phones = line.partition(" ")
        word = head.partition("(")[0] if head.endswith(")") else head
        if word:
            found.setdefault(word, []).append(phones.strip())
    return {word: tuple(phones) for word, phones in found.items()}


def pronounce(
    words: Iterable[str], *, dictionary: Mapping[str, tuple[str, ...]], letter_to_sound: LetterToSound | None
) -> Pronunciations:
    """Phones for each of `words`; without `letter_to_sound` unknown words get rough spelling rules."""
    entries: dict[str, tuple[str, ...]] = {}
    guessed: list[str] = []
    for word in words:
        phones = dictionary.get(word) or _from_parts(word, dictionary=dictionary)
        if not phones:
            guessed.append(word)
            sounds = letter_to_sound(word) if letter_to_sound else ()
            phones = (" ".join(sounds or _from_spelling(word)),)
        entries[word] = phones
    return Pronunciations(entries=entries, guessed=tuple(guessed))


def _from_parts(word: str, *, dictionary: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Initials are spelled; a possessive is its noun with an s."""
    if word.endswith("'s") and word[:-2] in dictionary:
        return tuple(f"{phones} {_possessive(phones)}" for phones in dictionary[word[:-2]])
    plain = word.replace("'", "")
    if plain and len(plain) <= 5 and not _VOWELS & set(plain):
        letters = [dictionary.get(letter, ()) for letter in plain]
        if all(letters):
            return (" ".join(pronunciations[0] for pronunciations in letters),)
    return ()


def _possessive(phones: str) -> str:
    last = phones.split()[-1]
    if last in {"S", "Z", "SH", "ZH", "CH", "JH"}:
        return "IH Z"
    return "S" if last in {"P", "T", "K", "F", "TH"} else "Z"


def _from_spelling(word: str) -> tuple[str, ...]:
    phones: list[str] = []
    place = 0
    while place < len(word):
        for letters, sound in _GRAPHEMES:
            if word.startswith(letters, place):
                phones.extend(sound.split())
                place += len(letters)
                break
        else:
            place += 1
    return tuple(phones) or ("AH",)
