# ruff: noqa: E501 - patterns and word lists are data
"""E-mail addresses, written or spoken: "anna dot miller at gmail dot com", "ana guion bajo ruiz arroba", spelled letters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.analysis.numbers import TENS, with_digits

_WRITTEN: Final = re.compile(r"(?<![\w.%+-])[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b")
_ASIDES: Final = re.compile(
    r"\b(?:all (?:in )?(?:lower ?case|one word|together|small letters)|in lower ?case|lower ?case|no spaces|one word|"
    r"with an? [a-z]|(?:con|sin) [a-z](?= )|"
    r"todo (?:en )?(?:minusculas?|junto|pegado|seguido)|en minusculas?|(?:todo )?sin espacios|junto)\b"
)
_AS_IN: Final = re.compile(r"\b([a-z]) (?:as in|like in|like|for|como en|como|de) (?:the |la |el )?[a-z]{3,}\b")
_DOUBLE: Final = re.compile(r"\b(?:double|doble) ([a-z0-9])\b")
_SIGNS: Final = (
    (
        re.compile(r"\s*\b(?:under ?score|guion bajo|raya baja|barra baja|subguion|guion abajo|rayita abajo)\b\s*"),
        " _ ",
    ),
    (re.compile(r"\s*\b(?:dot|punto|period|full stop|point)\b\s*"), " . "),
    (re.compile(r"\s*\b(?:hyphen|dash|minus|guion medio|guion del medio|guion|raya)\b\s*"), " - "),
    (re.compile(r"\b(?:arroba|at sign|at symbol)\b"), " @ "),
)
_HOSTS: Final = (
    (re.compile(r"\bg mail\b"), "gmail"),
    (re.compile(r"\bjimeil\b|\byimeil\b|\bgimail\b"), "gmail"),
    (re.compile(r"\bhot mail\b|\bjotmail\b"), "hotmail"),
    (re.compile(r"\bi cloud\b"), "icloud"),
    (re.compile(r"\bout look\b"), "outlook"),
    (re.compile(r"\bproton mail\b"), "protonmail"),
    (re.compile(r"\by mail\b"), "ymail"),
    (re.compile(r"\bya ?hu\b"), "yahoo"),
    (re.compile(r"\ba o l\b"), "aol"),
)
_KNOWN: Final = "gmail|hotmail|yahoo|outlook|icloud|protonmail|aol|live|msn|ymail"
_MISSING_DOT: Final = re.compile(rf"\b({_KNOWN}) (com|es|net|com mx)\b")
_DOMAIN: Final = re.compile(
    r"(?:@|\bat)\s+((?:[a-z0-9-]+ ){0,2}?[a-z0-9]+(?: - [a-z0-9]+)*(?:(?: \. |\.)[a-z0-9-]{2,})*(?: \. |\.)[a-z]{2,})\b"
)
_STOPS: Final = frozenset(
    """is es email e-mail mail correo address direccion electronico to it's its it at que seria sera me my mi send sorry no actually
    wait yes si sure ok okay yeah and con al el la en escribame escriba mandelo mandamelo mandeme envielo enviemelo write reach
    use on would be the your tu su not not, but pero perdon digo bueno claro apunte anote ese esta personal trabajo work so well
    that's thats perfect it'll usa use: de para puede puedes escribirme oh uh um here aqui va vale right e por favor porfa home mine mio spelled then
    alright great thanks gracias listo dale soy dot soy""".split()
)  # fmt: skip
_LONGEST: Final = 8


@dataclass(frozen=True, kw_only=True)
class MailAddress:
    """An address, and the text without it."""

    address: str
    rest: str


def find_address(words: str, *, language: str) -> MailAddress | None:
    """The last e-mail address of plain text, in lower case."""
    written = list(_WRITTEN.finditer(words))
    if written:
        last = written[-1]
        return MailAddress(address=last.group(), rest=_WRITTEN.sub(" ; ", words))
    if not re.search(r"@|\bat\b|\barroba\b", words):
        return None
    text = _signed(words)
    found = list(_DOMAIN.finditer(text))
    for match in reversed(found):
        local, start = _local(text[: match.start()], language)
        if local:
            domain = re.sub(r"\s+", "", match.group(1))
            return MailAddress(address=f"{local}@{domain}", rest=f"{text[:start]} ; {text[match.end() :]}")
    return None


def spoken_letters(text: str) -> str:
    """Plain text with "b as in boy" as "b" and "double l" as "l l"."""
    return _DOUBLE.sub(r"\1 \1", _AS_IN.sub(r"\1", text))


def _signed(words: str) -> str:
    text = spoken_letters(_ASIDES.sub(" ", words))
    for pattern, sign in (*_HOSTS, *_SIGNS):
        text = pattern.sub(sign, text)
    text = _MISSING_DOT.sub(lambda match: f"{match.group(1)} . {match.group(2).replace(' ', ' . ')}", text)
    return " ".join(text.replace("@", " @ ").split())


def _local(text: str, language: str) -> tuple[str, int]:
    """The part before the at sign, read backwards from it, and where it begins in the text."""
    tokens = text.split()
    taken: list[str] = []
    joined = False
    while tokens and len(taken) < 3 * _LONGEST:
        word = tokens[-1]
        sign = word in {".", "_", "-", "+"}
        letter = len(word) == 1 and word.isalnum()
        spelled = letter and bool(taken) and (len(taken[0]) == 1 or (len(tokens) > 1 and len(tokens[-2]) == 1))
        tens = word == "y" and len(tokens) > 1 and tokens[-2] in TENS["es"]
        if not (sign or joined or spelled or tens) and (word in _STOPS or word.endswith("'s")):
            break
        if word in {"a", "y", "i", "o", "e"} and not (spelled or joined or tens) and taken:
            break
        if not re.fullmatch(r"[a-z0-9._+'-]+", word):
            break
        taken.insert(0, word)
        joined = sign
        tokens.pop()
    while taken and taken[0] in {".", "_", "-", "+"}:
        taken.pop(0)
    local = "".join(_once(_restored(taken, language))).replace("'", "")
    return local, len(" ".join(tokens))


def _restored(taken: list[str], language: str) -> list[str]:
    """Number words as digits, signs kept (a hyphen is a sign here)."""
    pieces: list[str] = []
    run: list[str] = []
    for word in [*taken, ""]:
        if word in {".", "_", "-", "+", ""} or "-" in word:
            pieces.extend(
                piece.removesuffix("th") if piece[:1].isdigit() else piece
                for piece in with_digits(" ".join(run), language=language).split()
            )
            pieces.extend([word] if word else [])
            run = []
        else:
            run.append(word)
    return pieces


def _once(pieces: list[str]) -> list[str]:
    """Without a word that is spelled again ("daniel daniel")."""
    return [
        piece
        for index, piece in enumerate(pieces)
        if index == 0 or len(piece) < 3 or piece.isdigit() or piece != pieces[index - 1]
    ]
