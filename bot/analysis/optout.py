# ruff: noqa: E501 - word lists are data, a line a purpose
"""Whether somebody asks never to be contacted again. High recall first: people's rights come before a sale."""

from __future__ import annotations

import re
from typing import Final

_CLEAR: Final = (
    r"(?:take|remove|delete|scratch|get|cross|drop) (?:me|us|my (?:name|number|info\w*)|this number|our number|him|her|my (?:mom|mother|dad|father|husband|wife|son|daughter)) "
    r"(?:off|from|out of|out)\b",
    r"remove (?:my|this|our) (?:phone )?number",
    r"(?:delete|erase|lose|forget) (?:my|this|our) (?:phone )?number",
    r"(?:stop|quit) (?:calling|phoning|contacting|bothering|harassing|ringing|messaging|texting|these calls|the calls|with the calls)",
    r"(?:no|any) more (?:of these |of your )?(?:phone )?calls",
    r"(?:don't|do not|dont|never|please don't|not to|won't you) (?:you )?(?:ever )?(?:call|phone|contact|ring|bother|dial|message|text) "
    r"(?:me |us |here |this number |this house |my (?:number|phone|mother|mom|wife|husband|dad|father|son|daughter)(?: \w+)? )?(?:ever|again|anymore|any more|no more)",
    r"(?:don't|do not|dont) (?:you )?ever (?:call|phone|contact|ring|bother)",
    r"never (?:ever )?(?:call|phone|contact|ring|bother) ",
    r"(?:don't|do not|dont) want (?:to be (?:called|contacted|bothered)|(?:you|anyone|anybody|your people|your company) (?:to )?(?:call|contact|calling|contacting)|your calls|these calls|any calls|calls|to (?:hear|get calls|receive calls) from)",
    r"do not call (?:list|registry|register)",
    r"don't call list",
    r"opt (?:me )?out",
    r"unsubscribe",
    r"leave (?:me|us) alone",
    r"(?:report|sue) you(?: guys)? (?:if|to the f ?c ?c|to the f ?t ?c|unless)",
    r"if you (?:ever )?(?:call|contact) (?:me|us|here|this number) (?:again|one more time)",
    r"(?:last|final) time you (?:call|contact)",
    r"lose this number",
    r"(?:block|blocking) (?:you|this number|your number)",
    r"would (?:prefer|rather) (?:not to|you didn't|you not|not) (?:be )?(?:call|called|contact|contacted)(?! (?:at|in|on|before|after|today|now))",
    r"rather you didn't call",
    r"(?:no|not) (?:further|more) contact",
    r"no (?:vuelv\w+|volver\w*) (?:a )?(?:llamar\w*|contactar\w*|molestar\w*|marcar\w*|insistir)",
    r"no (?:me|nos|le|lo|la|les) (?:vuelv\w+|volver\w*) a ?(?:llamar|contactar|molestar|marcar|escribir|hablar)\w*",
    r"(?:ya )?no (?:me|nos|le|lo|la|les) (?:llam\w+|contact\w+|molest\w+|marqu\w+|habl\w+|escrib\w+) (?:mas|nunca mas|nunca|jamas|otra vez)",
    r"ya no (?:me|nos|le|la|lo) (?:llam\w+|molest\w+|contact\w+|marqu\w+|escrib\w+)",
    r"no (?:me|nos) (?:llam\w+|molest\w+|contact\w+) mas",
    r"nunca mas (?:me|nos) (?:llam\w+|contact\w+|molest\w+)",
    r"(?:dej[ea]|dejen|deje|pare|paren|para) (?:ya )?de (?:llamar|molestar|contactar|acosar|insistir|marcar|escribir)\w*",
    r"(?:borr|quit|elimin|sa[cq]|retir|tach)\w* ?(?:me|nos|mi numero|este numero|mi nombre|mis datos|mi telefono|el numero)?\b.{0,20}\b(?:de|en) (?:su|sus|la|las|esa|tu|tus) (?:lista|base|registro|sistema|listas)",
    r"(?:borr|elimin|quit)\w+ (?:mi numero|este numero|mi telefono)",
    r"(?:borreme|quiteme|saqueme|elimineme|bajame|deme de baja|darme de baja|borrenme|quitenme|saquenme)",
    r"no (?:quiero|queremos|deseo) (?:que (?:me|nos) (?:llam\w+|contact\w+|molest\w+|vuelv\w+)|(?:recibir |mas )+(?:mas )?llamadas|recibir (?:sus )?llamadas|saber (?:nada )?mas de ustedes)",
    r"no mas llamadas",
    r"(?:dejen?me|dejen?nos|dejeme|dejenme) en paz",
    r"(?:los|las|le) voy a (?:denunciar|demandar|bloquear|reportar)",
    r"si (?:me )?(?:vuelv\w+|siguen?) (?:a )?llam\w+",
    r"lista (?:robinson|de no llamar)",
)  # fmt: skip
_WEAK: Final = (
    r"(?:don't|do not|dont) (?:you )?(?:call|phone|contact|ring|bother|text|message) (?:me|us|here|this number|my (?:house|phone|number|mother|mom|wife|husband|dad))",
    r"no (?:me|nos) (?:llam\w+|contact\w+|molest\w+|marqu\w+)",
)  # fmt: skip
_OTHER_TIME: Final = re.compile(
    r"\b(?:before|after|until|till|during|while|at (?:work|night|this hour|this time|\w+ (?:am|pm))|on (?:this|my|the) "
    r"(?:line|work|office|cell|landline|weekends?)|on weekends?|right now|now|today|tomorrow|tonight|this late|so late|"
    r"so early|in the (?:morning|evening|afternoon)|call me (?:back|on|at|later|tomorrow|instead)|text me|email me|sir|crazy|stupid|"
    r"antes|despues|hasta|ahora|ahorita|hoy|en la (?:noche|manana|tarde)|por la (?:noche|manana|tarde)|tan (?:tarde|temprano)|"
    r"al (?:trabajo|celular|fijo)|a esta hora|los (?:domingos|sabados|fines de semana)|mejor (?:llam\w+|manana|despues|al)|"
    r"senor\w*|loc[oa])\b"
)
_FOREVER: Final = re.compile(r"\b(?:ever|again|anymore|any more|never|no more|mas|nunca|jamas|otra vez)\b")
_NOT_ABOUT_US: Final = re.compile(
    r"\b(?:cancel|reschedule|move|cambiar|cancelar) (?:my|the|our|mi|la|el|nuestra) (?:appointment|plan|subscription|membership|"
    r"session|cita|suscripcion|membresia|sesion)\b|\bwaiting list\b|\bwhy (?:did|do|are) (?:you|they)\b.{0,12}\bstop\b"
)
_CLEAR_PATTERN: Final = re.compile("|".join(rf"\b{pattern}" for pattern in _CLEAR))
_WEAK_PATTERN: Final = re.compile("|".join(rf"\b{pattern}\b" for pattern in _WEAK))


def asks_no_contact(words: str) -> bool:
    """Whether plain text asks, demands or clearly implies no further contact.

    False for a plain refusal, for another time or line ("don't call me at work"), for a cancelled appointment.
    """
    clear = _CLEAR_PATTERN.search(words)
    if clear is not None:
        return _NOT_ABOUT_US.search(words) is None
    if _WEAK_PATTERN.search(words) is None:
        return False
    return _FOREVER.search(words) is not None or _OTHER_TIME.search(words) is None
