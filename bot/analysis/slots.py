# ruff: noqa: E501 - patterns and word lists are data
"""What an utterance names: day and hour, name, number, e-mail address, phone number, duration."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers

from bot.analysis.moments import Frame, find_moment
from bot.analysis.numbers import with_digits
from bot.analysis.plain import fold

Slot = str | int | float

_EMAIL: Final = re.compile(r"\b[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+\b")
_SPOKEN_EMAIL: Final = re.compile(
    r"\b([a-z0-9]+(?:(?: (?:dot|punto|underscore|guion bajo|dash|guion) |[._-])[a-z0-9]+)*) (?:at|arroba) "
    r"([a-z0-9-]+(?: (?:dot|punto) [a-z0-9]+)+)\b"
)
_NAME_LEADS: Final = re.compile(
    r"\b(?:my name is|my name's|the name is|the name's|name is|put it under(?: the name(?: of)?)?|under the name(?: of)?|"
    r"put me down as|call me|me llamo|mi nombre es|a nombre de|pongala a nombre de|mi nombre completo es|nombre de|"
    r"with the name)\s+(.+)"
)
_SELF_LEADS: Final = re.compile(r"\b(?:this is|i'm|i am|it's|it is|soy|es|habla|under|for|para)\s+(.+)")
_INTRODUCED: Final = re.compile(
    r"(?:^(?:hi |hello |hey |yes |yeah |good morning |good afternoon )*this is|\b(?:soy|habla|le habla))\s+(.+)"
)
_PRONOUN_ONE: Final = re.compile(
    r"\b(?:(?:the|that|this|which|another|no|any|every|first|second|next|last)\s+one|"
    r"one\s+(?:moment|second|sec|minute|of|more|on|to|that|who|day|thing|last))\b"
)
_NOT_NAMES: Final = frozenset(
    """a an the not at in on to of for and or but so if by from with me my mine you your is it its it's that this here there
    yes no yeah yep sure okay ok right correct please thanks thank what who how when where why which just only very really
    interested calling looking fine good great well tired busy sorry sure driving working afraid back late later again now
    today tomorrow monday tuesday wednesday thursday friday saturday sunday morning afternoon evening night am pm noon
    going trying getting doing thinking talking too expensive much more less bit little kind some any all one two three
    four five six seven eight nine ten wrong wait hold maybe i i'm we he she they do don't can can't could would will
    about because already still ready happy glad sick retired student beginner nurse teacher doctor lawyer founder spelled
    el la los las un una unos unas de del y o pero si que como cuando donde quien cual por para con sin en al lo le su sus
    es esta estoy muy mas menos bien mal claro bueno gracias favor interesado interesada ocupado ocupada cansado cansada
    estudiante principiante abogado abogada medico medica maestra maestro enfermera enfermero nuevo nueva yo usted tu mi
    lunes martes miercoles jueves viernes sabado domingo manana tarde noche hoy ahora caro cara mucho poco eso esto todo
    correcto perfecto vale pues entonces numero cita consulta escribe deletrea seria call recording machine robot
    again anymore ever before after when while until home work office cell mobile mom person somebody someone company everything nothing something time price hello hi hola""".split()
)  # fmt: skip
_PARTICLES: Final = frozenset({"de", "del", "la", "las", "los", "van", "von", "da", "di"})
_SPELLED_TAIL: Final = re.compile(r"\b(?:spelled|that's spelled|se escribe|con b|con v)\b.*")
_DURATION: Final = re.compile(
    r"\b(?:(\d+)|(half an|media|an?|una?)) (minutes?|minutos?|hours?|horas?|hora)(?: (?:and a half|y media))?\b"
)
_NUMBER: Final = re.compile(
    r"(?<![\w@.:$-])\$?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?\b(?!\s*(?:am|pm|o'clock|th|st|nd|rd)|:\d|@)"
)
_DIGITS_APART: Final = re.compile(r"(?:\+|\b)\d(?:[\s().-]*\d){6,14}\b")
_SHORT: Final = 4


def find_slots(raw: str, words: str, *, frame: Frame, expects_name: bool, region: str = "US") -> dict[str, Slot]:
    """The slots of an utterance, given as the recogniser wrote it and as plain text. Several of a kind: the last.

    `expects_name`: the bot has just asked for a name, so bare words may be one. `region` is for national numbers.
    """
    slots: dict[str, Slot] = {}
    email = find_email(words)
    if email is not None:
        slots["email"] = email
    digits = with_digits(words, language=frame.language)
    phone = find_phone(digits, region=region)
    if phone is not None:
        slots["phone"] = phone
    if phone is None and (moment := find_moment(words, frame)) is not None:
        slots["datetime"] = moment
    name = find_name(raw, words, expected=expects_name)
    if name is not None and "email" not in slots:
        slots["name"] = name
    duration = find_duration(digits)
    if duration is not None:
        slots["duration_minutes"] = duration
    if phone is None and duration is None and "datetime" not in slots and email is None:
        number = find_number(with_digits(_PRONOUN_ONE.sub(" ", words), language=frame.language))
        if number is not None:
            slots["number"] = number
    return slots


def find_email(words: str) -> str | None:
    """The last e-mail address, written or spoken ("anna dot miller at gmail dot com"), in lower case."""
    written = _EMAIL.findall(words)
    if written:
        return str(written[-1])
    spoken = list(_SPOKEN_EMAIL.finditer(words))
    if not spoken:
        return None
    local, domain = spoken[-1].group(1), spoken[-1].group(2)
    for word, sign in (
        (" dot ", "."),
        (" punto ", "."),
        (" underscore ", "_"),
        (" guion bajo ", "_"),
        (" dash ", "-"),
        (" guion ", "-"),
    ):
        local, domain = local.replace(word, sign), domain.replace(word, sign)
    return f"{local}@{domain}"


def find_phone(digits: str, *, region: str) -> str | None:
    """The last valid phone number in E.164; national numbers are read as the region's."""
    found: str | None = None
    for match in _DIGITS_APART.finditer(digits):
        try:
            number = phonenumbers.parse(match.group(), region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and len(re.sub(r"\D", "", match.group())) >= 9:
            found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return found


def find_name(raw: str, words: str, *, expected: bool) -> str | None:
    """A person's name as it should stand in the record, or None."""
    name = _spoken_name(raw, words, expected=expected)
    if name is None:
        return None
    written = {fold(word): word for word in (part.strip(".,;:!?¿¡\"'") for part in raw.split())}
    return " ".join(_record_form(written.get(word.lower(), word)) for word in name.split())


def _spoken_name(raw: str, words: str, *, expected: bool) -> str | None:
    for match in reversed(list(_NAME_LEADS.finditer(words))):
        name = _name_from(match.group(1), limit=_SHORT)
        if name is not None:
            return name
    introduced = _INTRODUCED.search(words)
    if introduced is not None:
        name = _name_from(introduced.group(1), limit=_SHORT)
        if name is not None and len(name.split()) >= 2:
            return name
    for match in _SELF_LEADS.finditer(words):
        name = _name_from(match.group(1), limit=_SHORT)
        if name is None:
            continue
        if expected or _capitalised(raw, name):
            return name
    if expected and len(words.split()) <= _SHORT + 1:
        rest = re.sub(r"^(?:yes|yeah|sure|okay|ok|si|claro|bueno|it's|its|es|soy|with|con)\s+", "", words)
        return _name_from(rest, limit=_SHORT)
    return None


def find_duration(digits: str) -> int | None:
    """A length of time in minutes ("for half an hour"); not a moment ("in half an hour")."""
    for match in reversed(list(_DURATION.finditer(digits))):
        if re.search(r"\b(?:in|en|dentro de)\s*$", digits[: match.start()]):
            continue
        hours = match.group(3).startswith("h")
        if match.group(1):
            minutes = int(match.group(1)) * (60 if hours else 1)
        else:
            minutes = (30 if match.group(2) in {"half an", "media"} else 60) if hours else 1
        return minutes + (30 if hours and match.group().endswith(("and a half", "y media")) else 0)
    return None


def find_number(digits: str) -> int | float | None:
    """The last number that stands for itself."""
    found = list(_NUMBER.finditer(digits))
    if not found:
        return None
    whole, fraction = found[-1].group(1).replace(",", ""), found[-1].group(2)
    if len(whole) > 15:
        return None
    return float(f"{whole}.{fraction}") if fraction else int(whole)


def _name_from(text: str, *, limit: int) -> str | None:
    taken: list[str] = []
    for word in _SPELLED_TAIL.sub("", text).split():
        bare = word.strip(".,'")
        particle = bool(taken) and bare in _PARTICLES
        if not particle and (bare in _NOT_NAMES or not re.fullmatch(r"[^\W\d_]+(?:['-][^\W\d_]+)*", bare)):
            break
        taken.append(bare)
        if len(taken) == limit:
            break
    while taken and taken[-1] in _PARTICLES:
        taken.pop()
    if not taken or (len(taken) == 1 and len(taken[0]) < 2):
        return None
    return " ".join(taken)


def _record_form(word: str) -> str:
    if word.lower() in _PARTICLES:
        return word.lower()
    if word[:1].isupper() and not word.isupper():
        return word  # McDonald: the recogniser knows better
    return "-".join(part.capitalize() for part in word.split("-"))


def _capitalised(raw: str, name: str) -> bool:
    """Whether the recogniser itself wrote the name with a capital letter, and not only at the start of the text."""
    first = name.split()[0]
    found = [word.strip(".,!?¿¡") for word in raw.split()[1:]]
    return any(word[:1].isupper() and fold(word) == fold(first) for word in found)
