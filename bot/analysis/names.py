# ruff: noqa: E501 - patterns and word lists are data
"""Names people give, as they should stand in the record: "me llamo maría de la cruz" → "María de la Cruz"."""

from __future__ import annotations

import re
from typing import Final

from bot.analysis.given_names import GIVEN_NAMES
from bot.analysis.mail_address import spoken_letters
from bot.analysis.plain import fold, plain

_NAME_LEADS: Final = re.compile(
    r"\b(?:my (?:full |first |real |complete )?name is(?: actually)?|my (?:full |first )?name's|the (?:full )?name is|the name's|name is|my names|i'm known as|first name|i am called|i'm called|on name|(?:use|under|in|on|with) (?:the |my )?name(?: of)?(?: ;)?|put it under(?: the name(?: of)?)?|under the name(?: of)?|"
    r"put (?:me|him|her|us|it) down (?:as|under)|put down|just put|make it out to|book it (?:for|under)|call me|they call me|people call me|everyone calls me|i go by|the name of|me llamo|me llaman|me dicen|todos me dicen|mi nombre(?: completo)? es|(?:el|su) nombre(?: completo)? es|a (?:el )?nombre de|pongal[ao] a nombre de|"
    r"ponga(?:me)? (?:a|como)|ponga|ponle|anoteme como|apunteme como|apunte a|nombre de|with the name|(?:it's|it is|is|booked|booking|reservation|appointment) under|name of|se llama|(?:his|her) name is|dime|digame|you can call me|nombre:?|reserve it for|puede llamarme|pueden llamarme|llamame|speaking with|le saluda|te saluda|le habla|hablas con|habla con)\s+(.+)"
)
_LAST_LEADS: Final = re.compile(
    r"\b(?:(?:(?:my |the |and )?(?:last name|surname|family name)(?: is|'s)?|(?:mi |el |de )?apellido(?:s)?(?: es| son)?|(?:me )?apellido))\s+(.+)"
)
_SELF_LEADS: Final = re.compile(
    r"\b(?:this is|i'm|i am|it's|it is|its|that's|soy|es|habla|under|(?<!looking )(?<!work )(?<!worked )for|para|con|yes|si|hi|hola|here|aqui|aca)\s+(.+)"
)
_INTRODUCED: Final = re.compile(
    r"(?:^(?:hi |hello |hey |yes |yeah |oh |so |well |okay |there |good morning |good afternoon |good evening |; )*this is|\b(?:soy|le habla|te habla|habla))\s+(.+)"
)
_SPEAKING: Final = re.compile(
    r"^(?:hi |hello |oh |yep |yes |yeah |si |hola |buenas |buenos dias |; )*(?P<name>[^\W\d_]+(?:['-][^\W\d_]+)?(?: [^\W\d_]+(?:['-][^\W\d_]+)?){0,2}) (?:speaking|here|al habla|al telefono)\b"
)
_TRAILED: Final = re.compile(r"^(?:yes |yeah |si |; )*(?P<name>[\w' -]+?) (?:is my name|es mi nombre|is the name)\b")
_TITLE: Final = re.compile(
    r"^(?:(?:(?:my|mi) (?:wife|husband|mother|mom|mum|father|dad|son|daughter|sister|brother|friend|boss|partner|esposa|esposo|mujer|marido|madre|mama|padre|papa|hijo|hija|hermana|hermano|amiga|amigo|jefe|jefa)|the|el|la|don|dona|senor|senora|senorita|sr|sra|srta|mr|mrs|ms|miss|mister|missus|doctor|doctora|dr|dra|licenciado|licenciada|ingeniero|ingeniera|profesor|profesora|actually|just|uh|um|es|is|como|no|sorry|;)\.? )+"
)
_TITLED: Final = re.compile(
    r"^(?:the |el |la )?(?:don|dona|senor|senora|senorita|sr|sra|srta|mr|mrs|ms|miss|mister|doctor|doctora|dr|dra)\.? "
)
_NOT_NAMES: Final = frozenset(
    """a an the not at in on to of for and or but so if by from with me my mine you your is it its it's that this here there
    yes no yeah yep sure okay ok right correct please thanks thank what who how when where why which just only very really
    interested calling looking fine good great well tired busy sorry driving working afraid back late later again now
    today tomorrow monday tuesday wednesday thursday friday saturday sunday morning afternoon evening night am pm noon
    going trying getting doing thinking talking too expensive much more less bit little kind some any all one two three
    four five six seven eight nine ten wrong wait hold maybe i i'm we he she they do don't can can't could would
    about because already still ready happy glad sick retired student beginner nurse teacher doctor lawyer founder spelled
    el la los las un una unos unas de del y o pero si que como cuando donde quien cual por para con sin en al lo le su sus
    es esta estoy muy mas menos bien mal claro bueno gracias favor interesado interesada ocupado ocupada cansado cansada
    estudiante principiante abogado abogada medico medica maestra maestro enfermera enfermero nuevo nueva yo usted tu mi
    lunes martes miercoles jueves viernes sabado manana tarde noche hoy ahora caro cara mucho poco eso esto todo
    correcto perfecto vale pues entonces numero cita consulta escribe deletrea seria call recording machine robot
    again anymore ever before after while until home work office cell mobile mom person somebody someone company everything nothing
    something time price hello hi hola hey speaking husband wife son daughter friend brother sister mother father boss manager
    first last surname apellido apellidos telefono correo email phone number mr mrs jefe jefa dueno duena esposo esposa hijo hija
    hermano hermana madre padre mama papa amigo amiga cliente clienta persona alguien nadie nada algo siempre nunca tambien aqui
    actually really same yourself myself us them him her than then get got was were been be being are am
    half quarter hour minutes minute dollars pesos euros hundred thousand next week month year days day around
    empresa clinica oficina banco tienda gimnasio compania agencia county bank
    buenas buenos dias tardes noches senor senora mismo misma digo perdon no nope nah ya solo solamente medio media dos cuatro
    cinco seis siete ocho nueve diez once doce want wanted wants like need needs have has had free available possible easier better best
    hard easy fun cool nice perfect awesome annoying ridiculous enough only sounds ask asking let know see think hope guess
    gonna wanna kinda never always off up down out over under through your our their his this these those every each
    vegetarian vegan diabetic pregnant single married divorced broke poor rich old young fat overweight skinny out lost confused
    curious serious kidding joking american mexican spanish english colombiano colombiana mexicano mexicana argentino argentina espanol espanola
    runner athlete coach trainer engineer accountant vendedor vendedora ingeniero ingeniera contador contadora vegetariano vegetariana diabetico diabetica
    alto alta gordo gorda mayor joven ama casa padre soltero soltera casado casada deportista corredor corredora socio socia miembro member customer
    bueno dificil facil posible imposible verdad mentira lindo bonito raro rara tarde temprano suficiente demasiado barato barata
    prefiero quiero quisiera queria llamo llamaba puedo tengo necesito busco pregunto decirlo decir rather vivo vi trabajo hablo marco marcaba
    pequena pequeno menor older younger little
    saw heard live work yesterday ayer llame hable lei vengo returning responding wondering checking following reaching gracias pasa pasame esposa marido
    january february march july september october november december jan feb mar apr jun jul aug sept sep oct nov dec
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre tonight noon midday name names called booking
    reservation table restaurant appointment nombre reserva reservacion princess silly
    mon tue tues wed thu thurs fri sat sun change crazy cuisine polish people fucking hell shit damn
    weekend weekends weekdays mornings evenings afternoons lunch dinner breakfast exactly basically honestly definitely probably""".split()
)  # fmt: skip
_PARTICLES: Final = frozenset({"de", "del", "la", "las", "los", "van", "von", "da", "di", "der", "bin"})
_SPELLED_TAIL: Final = re.compile(
    r"\b(?:spelled|spelt|that's spelled|that's|se escribe|se deletrea|con [bvszkcyih]\b|with an?\b|without|sin h|like the|como el|como la|and|y mi|y el|y mis|pero|but|not|no)\b.*| ;.*"
)
_SPELT: Final = re.compile(r"\b([^\W\d_](?: [^\W\d_]){2,})\b")
_BREAK: Final = re.compile(
    r"(?<!\bmr)(?<!\bdr)(?<!\bms)(?<!\bsr)(?<!\bmrs)(?<!\bsra)(?<!\b\w)[,;.!?…]+(?=\s|$)|(?<=\b\w),(?=\s)",
    re.IGNORECASE,
)
_BREAK_WORD: Final = "zzzbreak"  # through `plain`, which keeps letters only
_HYPHENED: Final = re.compile(r"\b(\w)-(?=\w\b)")
_MONTH_DAY: Final = re.compile(
    r"\b(?:may|april|june|august)(?= (?:the |\d|\w+teenth|\w+t(?:y|ieth)\b|first|second|third|\w+th\b|one|two|three|four|five|six|seven|eight|nine|ten))"
    r" \w+"
)
_WORD: Final = re.compile(r"(?:[^\W\d_]+(?:-[^\W\d_]+)*|[^\W\d_]{1,2}'[^\W\d_]{3,})")
_FIRST_NAME: Final = re.compile(r"\b(?:first name|nombre de pila)(?: is| es)?(?: ;)? (\w+)")
_FIRST_THEN_LAST: Final = re.compile(r"[^\W\d_]{2,} ; [^\W\d_]{2,}(?: ;)?")
_OPENERS: Final = re.compile(
    r"^(?:(?:yes|yeah|sure|okay|ok|si|claro|bueno|it's|its|es|soy|with|con|well|pues|uh|um|;)\s+)+"
)
_RELATED: Final = re.compile(
    r"(?:my|mi) (?:wife|husband|mother|mom|mum|father|dad|son|daughter|sister|brother|friend|boss|partner|"
    r"esposa|esposo|mujer|marido|madre|mama|padre|papa|hijo|hija|hermana|hermano|amiga|amigo|jefe|jefa) "
)
_NAMED: Final = 3
_LIMIT: Final = 4


def find_name(raw: str, *, written: str, expected: bool) -> str | None:
    """A person's name as it should stand in the record, or None. `raw` is the text to look in, `written` what the
    recogniser wrote in all: capitals and accents are taken from there.

    `expected`: the name was just asked for, so bare words may be one.
    """
    words = _with_breaks(raw)
    name = _spoken_name(written, words, expected=expected)
    if name is None:
        return None
    name = _spelt(name, words)
    forms = {fold(word): word for word in (part.strip(".,;:!?¿¡\"'") for part in written.split())}
    return " ".join(_record_form(forms.get(word.lower(), word), index) for index, word in enumerate(name.split()))


def _with_breaks(raw: str) -> str:
    """Plain text in which a recogniser's comma or full stop is left as ";", for a name ends there."""
    marked = _BREAK.sub(f" {_BREAK_WORD} ", _HYPHENED.sub(r"\1 ", raw))
    return " ".join(plain(marked).replace(_BREAK_WORD, ";").split())


def _spoken_name(raw: str, words: str, *, expected: bool) -> str | None:
    return (
        _stated(raw, words)
        or _last_name(words)
        or _introduced(raw, words)
        or _claimed(raw, words, expected=expected)
        or (_bare(words) if expected else None)
    )


def _each(pattern: re.Pattern[str], words: str) -> list[re.Match[str]]:
    """All matches of a lead and what follows it, overlapping ones too, the last first."""
    found: list[re.Match[str]] = []
    match = pattern.search(words)
    while match is not None:
        found.insert(0, match)
        match = pattern.search(words, match.start(1))
    return found


def _stated(raw: str, words: str) -> str | None:
    """After "my name is", or before "is my name"."""
    whole = _TRAILED.match(words)
    if whole is not None and (name := _name_from(whole.group("name"), limit=_LIMIT)) == whole.group("name"):
        return name
    last = _last_name(words)
    first = _FIRST_NAME.search(words)
    if first is not None and last is not None and (name := _name_from(first.group(1), limit=1)) is not None:
        return f"{name} {last}"
    for match in _each(_NAME_LEADS, words):
        name = _name_from(match.group(1), limit=_LIMIT) or _corrected(match.group(1))
        if name is None:
            continue
        weak = match.group(0).split()[0] in {"call", "dime", "digame", "nombre", "just", "ponga", "ponle"}
        if not weak or name.split()[0] in GIVEN_NAMES or len(name.split()) > 1 or _capitalised(raw, name):
            return f"{name} {last}" if last is not None and last not in name else name
    return None


def _introduced(raw: str, words: str) -> str | None:
    """After "this is" or "soy" at the start, or before "speaking"."""
    speaking = _SPEAKING.match(words)
    if speaking is not None:
        name = _name_from(speaking.group("name"), limit=_NAMED)
        if name is not None and (name.split()[0] in GIVEN_NAMES or _capitalised(raw, name, first=True)):
            return name
    introduced = _INTRODUCED.search(words)
    if introduced is None:
        return None
    name = _name_from(introduced.group(1), limit=_LIMIT)
    if name is None:
        return None
    titled = _TITLED.match(introduced.group(1)) is not None
    return name if titled or len(name.split()) >= 2 or name in GIVEN_NAMES else None


def _claimed(raw: str, words: str, *, expected: bool) -> str | None:
    """After a weak lead ("it's", "for"), where something else says that it is a name."""
    for match in _each(_SELF_LEADS, words):
        name = _name_from(match.group(1), limit=_LIMIT)
        if name is None:
            continue
        known = not GIVEN_NAMES.isdisjoint(name.split()) or _capitalised(raw, name)
        if (
            known
            or (len(name.split()) > 1 and _RELATED.match(match.group(1)))
            or (expected and len(name) > 1)
            or _TITLED.match(match.group(1))
        ):
            return name
    return None


def _bare(words: str) -> str | None:
    """A few words that are nothing but a name."""
    together = words.replace(" ;", "")
    if len(together.split()) > _LIMIT + 1:
        return None
    if _FIRST_THEN_LAST.fullmatch(words) and _name_from(together, limit=2) == together:
        return together
    for piece in reversed(words.split(" ; ")[1:]):
        name = _name_from(piece, limit=_LIMIT)
        if name is not None and name == piece.strip():
            return name
    return _name_from(_OPENERS.sub("", words), limit=_LIMIT)


def _last_name(words: str) -> str | None:
    matches = _each(_LAST_LEADS, words)
    return _name_from(matches[0].group(1), limit=_NAMED) if matches else None


def _corrected(text: str) -> str | None:
    """The name after a start that was none ("my name is uh sorry anna")."""
    rest = re.sub(r"^(?:\w+ )?(?:no |sorry |perdon |digo |wait |well |bueno )+", "", text)
    return _name_from(rest, limit=_LIMIT) if rest != text else None


def _name_from(text: str, *, limit: int) -> str | None:
    taken: list[str] = []
    correction = re.search(
        r"^\w+(?: \w+)?\s+(?:no sorry|sorry|no i mean|i mean|perdon|digo|mejor dicho|no perdon)\s+(?:it's |its |es )?(\w+.*)",
        text,
    )
    if correction is not None:
        text = correction.group(1)
    text = _TITLE.sub("", spoken_letters(text))
    text = _MONTH_DAY.sub(" ; ", text)
    for word in _SPELLED_TAIL.sub("", text).split():
        bare = word.strip(".,'")
        particle = bool(taken) and bare in _PARTICLES and len(taken) < limit + 1
        if not particle and (bare in _NOT_NAMES or not _WORD.fullmatch(bare)):
            break
        if taken and bare == taken[-1]:
            continue
        taken.append(bare)
        if len([one for one in taken if one not in _PARTICLES]) == limit:
            break
    while taken and taken[-1] in _PARTICLES:
        taken.pop()
    if len(taken) > 2 and taken[0] == taken[-1]:
        taken.pop(0)  # "it's Bond, James Bond"
    if not taken or (len(taken) == 1 and len(taken[0]) < 2) or all(len(one) == 1 for one in taken):
        return "".join(taken) if len(taken) >= _NAMED else None
    return " ".join(one for index, one in enumerate(taken) if len(one) > 1 or 0 < index < len(taken) - 1)


def _spelt(name: str, words: str) -> str:
    """The name with the word that is spelled afterwards in its spelling ("jon, j o n")."""
    tail = words.partition(name.split()[-1])[2]
    letters = [match.group(1).replace(" ", "") for match in _SPELT.finditer(spoken_letters(tail))]
    spelled = re.search(r"\b(?:spelled|spelt|se escribe|se deletrea)(?: como)? ([^\W\d_]{3,})\b", tail)
    if spelled is not None:
        letters.append(spelled.group(1))
    for word in letters:
        for part in name.split():
            if part[0] == word[0] or part[-1] == word[-1]:
                if abs(len(part) - len(word)) <= 3 and _alike(part, word):
                    return " ".join(word if one == part else one for one in name.split())
    first = re.search(rf"\b{re.escape(name.split()[0])} (?:\w+ )?(?:with an?|con) ([kcszvb])\b", words)
    if first is not None and name[0] in "ckszvb":
        return first.group(1) + name[1:]
    return name


def _alike(one: str, other: str) -> bool:
    """Whether most letters occur in both, in order."""
    position = shared = 0
    for letter in one:
        place = other.find(letter, position)
        if place >= 0:
            shared, position = shared + 1, place + 1
    return shared * 3 >= 2 * min(len(one), len(other))


def _record_form(word: str, index: int) -> str:
    low = word.lower()
    if len(low) == 1 and index > 0 and low != "y":
        return f"{low.upper()}."
    if index > 0 and low in _PARTICLES:
        return low
    if word[:1].isupper() and not word.isupper():
        return word  # McDonald: the recogniser knows better
    if re.fullmatch(r"mc[a-z]{3,}", low):
        return f"Mc{low[2:].capitalize()}"
    if re.fullmatch(r"[od]'[^\W\d_]{3,}", low):
        return f"{low[:2].upper()}{low[2:].capitalize()}"
    return "-".join(part.capitalize() for part in low.split("-"))


def _capitalised(raw: str, name: str, *, first: bool = False) -> bool:
    """Whether the recogniser itself wrote the name with a capital letter, and not only at the start of the text."""
    word = name.split()[0]
    pieces = raw.split()
    if raw.upper() == raw:
        return False
    found = [piece.strip(".,!?¿¡") for piece in (pieces if first else pieces[1:])]
    return any(piece[:1].isupper() and fold(piece) == fold(word) for piece in found)
