# ruff: noqa: E501 - its patterns are data
"""How whole a stretch of Spanish is, by its words alone. Accents count where they tell words apart ("mi" and "mí")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.analysis.clause import Reading, Shape, bare, ends_with_any
from bot.analysis.clause_words_es import (
    AFTER_VERB_MORE,
    BEFORE_NOUN,
    CLITICS,
    CLOSING,
    CLOSING_MARKS,
    COPULA,
    DOUBTFUL,
    HAVE,
    INTRANSITIVE,
    LEADS,
    LONGEST_PHRASE,
    NUMBERS,
    OBJECT_VERBS,
    OPEN,
    PRONOUNS,
    SETUP,
    SUBORDINATORS,
    THINKING,
    TOLD,
    TRAILS,
    WH,
    WH_COPULA,
    WH_COPULAS,
    WH_PLAIN,
    WHOLE,
    WHOLE_PHRASES,
    YES_NO,
)
from bot.analysis.verbs import ES_FINITE, ES_INFINITIVES


def read_spanish(words: Sequence[str], *, asked_yes_no: bool) -> Reading:
    """How whole lower-case words, accents kept, are. `asked_yes_no`: short answers ("no puedo") are whole."""
    text = bare(" ".join(words))
    folded = text.split()
    ending = " ".join(folded[-8:])
    if any(mark in ending for mark in CLOSING_MARKS) and CLOSING.search(ending):
        return Reading(shape=Shape.SURE, clauses=2)
    if len(words) > 1 and words[-1] == "si":
        return Reading(shape=Shape.OPEN)
    if 1 < len(words) <= LONGEST_PHRASE and text not in DOUBTFUL and WHOLE_PHRASES.fullmatch(text):
        return Reading(shape=Shape.SURE, clauses=1)
    start, end = _core(words)
    core, core_text = words[start:end], " ".join(folded[start:end])
    if not core:
        return _only_marks(words[:end])
    if len(core) == 1 and core[0] in WH:
        return Reading(shape=Shape.LIKELY, clauses=1)
    if len(core) <= LONGEST_PHRASE and WHOLE_PHRASES.fullmatch(core_text) and core[-1] != "como":
        return Reading(shape=Shape.LIKELY if core_text in DOUBTFUL and not asked_yes_no else Shape.SURE, clauses=1)
    if ends_with_any(folded, THINKING):
        return Reading(shape=Shape.OPEN)
    if len(core) == 1 and core[0] in WHOLE | YES_NO:
        return Reading(shape=Shape.SURE, clauses=1)
    if len(core) == 2 and core[0] == "no" and core[1] in YES_NO:
        return Reading(shape=Shape.SURE, clauses=1)
    if core[-1] not in OPEN and _requests(core_text):
        return Reading(shape=Shape.SURE, clauses=1)
    if asked_yes_no and core_text in {"me encantaria", "me gustaria", "quisiera", "quiero"}:
        return Reading(shape=Shape.CLAUSE, clauses=1)
    tail = _tail(core, core_text)
    if tail is not None:
        return Reading(shape=tail)
    return _clause(core, core_text)


def _core(words: Sequence[str]) -> tuple[int, int]:
    """The words without marks in front ("bueno, pues") and politeness behind."""
    start, end = 0, len(words)
    while end > 1:
        if words[end - 2 : end] == ["por", "favor"] or tuple(words[end - 2 : end]) in {
            ("muchas", "gracias"),
            ("no", "más_"),
        }:
            end -= 2
        elif (
            words[end - 1] in TRAILS
            and not (words[end - 1] == "gracias" and words[end - 2] in {"las", "dar"})
            and words[end - 2] not in {"de", "la"}
        ):
            end -= 1
        else:
            break
    if tuple(words[:2]) == ("por", "favor") and end > 2:
        start = 2
    while start < end and words[start] in LEADS:
        if (
            words[start] == "este"
            and start + 1 < end
            and words[start + 1]
            in {
                "mes",
                "año",
                "lunes",
                "fin",
                "plan",
                "número",
                "martes",
                "miércoles",
                "jueves",
                "viernes",
                "sábado",
                "domingo",
                "es",
            }
        ):
            break
        if words[start] == "ya" and start + 1 < end and words[start + 1] not in LEADS:
            break
        if start and words[start] in {"y", "e", "o"} and start + 1 == end:
            break
        start += 1
    if start < end and words[start] == "si" and start + 1 == end:
        return end, end
    return start, end


def _only_marks(words: Sequence[str]) -> Reading:
    last = words[-1] if words else ""
    if last in YES_NO or last in {"hola", "buenas", "disculpe", "perdone", "perdón", "oiga", "oye", "si", "gracias"}:
        alone = len(words) == 1 or last not in {"bueno", "ya", "oiga", "oye", "también"}
        return Reading(
            shape=Shape.SURE if alone and last not in {"bueno", "oiga", "oye", "ya", "también"} else Shape.FRAGMENT,
            clauses=1,
        )
    return Reading(shape=Shape.OPEN)


def _tail(words: Sequence[str], text: str) -> Shape | None:
    """The shape that the last words alone decide; None where they leave it open to the rest."""
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    asks = words[0] in WH or (
        len(words) > 1 and words[1] in WH and words[0] in {"a", "de", "con", "para", "por", "en", "desde", "hasta"}
    )
    asks = asks or (words[0] in WH_PLAIN and words[0] not in {"que", "como", "cuando"} and len(words) > 1)
    if last in WH_COPULAS and WH_COPULA.search(text):
        return (
            Shape.SURE
            if len(words) <= 3 and words[0] != "como"
            else Shape.CLAUSE
            if any(word in WH for word in words)
            else Shape.FRAGMENT
        )
    if (words[-3:-1] and before in HAVE and last.endswith(("ado", "ido"))) or (
        text.endswith(("seria posible", "es posible")) and len(words) <= 3
    ):
        return Shape.FRAGMENT
    if last in PRONOUNS:
        if len(words) == 1 or before in {"que", "porque", "si", "cuando", "pero", "y", "como", "entonces", "aunque"}:
            return Shape.OPEN
        if last == "yo":
            return None if before in {"soy", "fui", "era", "también", "tampoco", "igual"} else Shape.OPEN
        return (
            None
            if last not in {"él", "tú"} or before in ES_FINITE or before in {"de", "con", "a", "para"}
            else Shape.OPEN
        )
    if last in OPEN:
        if last in {"parece", "hay", "está", "están", "estoy", "voy", "vamos", "fue"} and (
            asks or (before in CLITICS and last == "parece")
        ):
            return Shape.LIKELY
        if last == "son" and asks:
            return Shape.FRAGMENT
        return Shape.OPEN
    if last in NUMBERS or last.isdigit():
        return (
            None
            if (before in {"las", "la"} and last not in {"primera", "segunda"}) or len(words) == 1
            else Shape.FRAGMENT
        )
    if last in {"después", "antes", "luego", "año", "desde"} and len(words) > 1:
        return None if before in {"este", "un", "por", "mucho", "poco"} else Shape.FRAGMENT
    if last in AFTER_VERB_MORE:
        return (
            None
            if before in {"saber", "conocer"} or before in {"algo", "nada", "alguien", "vez", "nunca", "poco"}
            else Shape.OPEN
        )
    if last in WH and len(words) > 1:
        return Shape.FRAGMENT if last != "cuánto" else Shape.LIKELY
    if last in {
        "próximo",
        "próxima",
        "siguiente",
        "mismo",
        "misma",
        "otro",
        "otra",
        "otros",
        "otras",
        "nuevo",
        "nueva",
        "mejor",
        "mayor",
        "poco",
        "propio",
        "propia",
        "muchos",
        "muchas",
        "varios",
        "varias",
        "algunos",
        "algunas",
        "mucha",
        "mucho",
        "cierto",
        "solo",
        "sólo",
        "ya",
        "no",
        "casi",
        "nunca",
        "siempre",
        "también",
        "demasiado",
        "bastante",
        "más",
        "todos",
        "todas",
        "toda",
    }:
        return _modifier_tail(words, last, before)
    if last in OBJECT_VERBS:
        return _object_tail(words, last, before, asks=asks)
    return None


def _modifier_tail(words: Sequence[str], last: str, before: str) -> Shape | None:
    if last in {
        "también",
        "ya",
        "no",
        "siempre",
        "nunca",
        "solo",
        "sólo",
        "mucho",
        "demasiado",
        "bastante",
        "mejor",
        "poco",
    }:
        if last in {"mejor", "mucho", "demasiado"} and before in ES_INFINITIVES:
            return None
        if (
            last in {"mucho", "demasiado", "bastante", "mejor", "poco"}
            and (before in ES_FINITE or (before == "un" and len(words) > 2))
            and before not in {"es", "está", "tengo", "hay", "soy", "estoy"}
        ):
            return Shape.LIKELY
        if last in {"solo", "sólo"} and len(words) > 2 and before.endswith(("lo", "la", "o", "ar", "er", "ir")):
            return None
        if last in {"también", "ya", "siempre", "solo", "sólo"} and len(words) > 2 and before not in PRONOUNS:
            return Shape.LIKELY
        if last == "no" and before == "que" and len(words) > 3:
            return Shape.LIKELY
        return Shape.OPEN if before in PRONOUNS or last in {"no", "ya", "casi"} else Shape.FRAGMENT
    if last in {"próximo", "próxima"} and before in {
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "domingo",
        "semana",
        "mes",
        "año",
    }:
        return None
    if last in {"otro", "otra", "mismo", "misma", "todos", "todas", "toda", "cierto"}:
        return Shape.FRAGMENT
    return Shape.OPEN


def _object_tail(words: Sequence[str], last: str, before: str, *, asks: bool) -> Shape | None:
    """A verb whose object has not come: open, unless a clitic or a question word in front is the object."""
    if before in {"lo", "la", "los", "las"} or (
        last in ES_INFINITIVES and words[-3:-2] and words[-3] in {"lo", "la", "los", "las"}
    ):
        return None
    if before == "cuando" and last in {"quiera", "pueda", "tenga"}:
        return Shape.CLAUSE
    if asks:
        return (
            Shape.LIKELY
            if last
            in {
                "puedo",
                "puede",
                "pueden",
                "quiere",
                "quiero",
                "hacer",
                "tengo",
                "podemos",
                "debo",
                "creo",
                "creía",
                "hace",
                "hacen",
                "tener",
            }
            else None
        )
    if before in {"el", "un", "mi", "al", "este"}:
        return None
    if len(words) > 4 and "lo que" in " ".join(words[-3:-1]) and words[0] != "lo":
        return Shape.CLAUSE
    if before == "que" and last in {"quiero", "necesito", "busco", "puedo", "tengo"}:
        return Shape.LIKELY if len(words) > 3 and words[0] != "lo" else Shape.OPEN
    if last in {"gusta", "interesa"}:
        return Shape.FRAGMENT
    return Shape.OPEN


def _clause(words: Sequence[str], text: str) -> Reading:
    first = words[0]
    count = _finite_count(words)
    narrative = any(
        word.endswith(("é", "ió", "aba", "aron", "ieron", "ía"))
        and word in ES_FINITE
        and word != "sé"
        and not word.endswith("ría")
        for word in words
    ) or any(word in TOLD for word in words)
    if SETUP.match(text):
        tail = next((index for index, word in enumerate(words) if word in COPULA and index > 1), None)
        return Reading(shape=Shape.OPEN if tail is None or tail == len(words) - 1 else Shape.CLAUSE, clauses=count)
    question = first in WH or (len(words) > 1 and words[1] in WH)
    plain_question = first in {"cuanto", "cuanta", "cuantos", "cuantas", "quien", "cual", "cuales", "donde"} or (
        first in {"que", "como"} and count == 1 and len(words) > 1
    )
    if (question or plain_question) and count:
        if re.search(r"\b(?:cual|cuales|que|como) (?:es|son|seria|seran)$|\bque tan$", text):
            return Reading(shape=Shape.OPEN)
        return Reading(shape=Shape.SURE, clauses=count)
    if question:
        if (len(words) > 2 and first in {"quién", "quiénes", "cómo"}) or (
            text.startswith("por que ") and len(words) > 3
        ):
            return Reading(shape=Shape.SURE, clauses=1)
        if re.match(r"^(?:que tal|y que tal|por que no|como que|para que) \w+", text):
            return Reading(shape=Shape.LIKELY, clauses=1)
        return Reading(
            shape=Shape.SURE
            if any(word in ES_INFINITIVES for word in words)
            else Shape.OPEN
            if first in WH - {"cómo", "cuánto"}
            else Shape.FRAGMENT
        )
    if first == "como" and words[1] in {"demasiado", "mucho", "poco", "bien", "mal", "muy", "carne", "fatal"}:
        return Reading(shape=Shape.CLAUSE if len(words) > 2 else Shape.LIKELY, clauses=1)
    if first in SUBORDINATORS and count < 2:
        if first == "porque" and count:
            return Reading(shape=Shape.LIKELY, clauses=1)
        return Reading(
            shape=Shape.FRAGMENT if (first == "como" and words[-1] in NUMBERS) or len(words) > 7 else Shape.OPEN
        )
    if count:
        if re.match(r"^(?:es que|resulta que|la verdad es que|el problema es que)\b", text) and count < 2:
            return Reading(shape=Shape.OPEN)
        if re.search(
            r"\b(?:tengo|hacerle|tenia|quisiera hacerle|quiero hacerle) una (?:pregunta|duda|consulta)$|^no (?:lo )?se$|^no estoy segur[oa]$",
            text,
        ):
            return Reading(shape=Shape.LIKELY, clauses=count)
        if (
            len(words) > 1
            and words[-1] in ES_FINITE
            and words[-1] not in INTRANSITIVE
            and words[-2] not in BEFORE_NOUN
            and not any(word in WH for word in words)
        ):
            return Reading(shape=Shape.LIKELY, clauses=count, narrative=narrative)
        if count == 1 and words[-1] in ES_FINITE and len(words) == 2 and first in PRONOUNS | CLITICS | {"no"}:
            return Reading(shape=Shape.LIKELY, clauses=count, narrative=narrative)
        if not any(word in WH for word in words) and words[-1] in {
            "bajar",
            "subir",
            "empezar",
            "pagar",
            "comer",
            "dejar",
            "cambiar",
            "ver",
            "ir",
            "hablar",
            "seguir",
            "llegar",
            "conocer",
            "recibir",
            "volver",
            "entender",
        }:
            return Reading(
                shape=Shape.LIKELY if words[-1] not in {"bajar", "volver", "ir", "dejar"} else Shape.FRAGMENT,
                clauses=count,
            )
        if len(words) == 1:
            return Reading(shape=Shape.LIKELY, clauses=count)
        return Reading(shape=Shape.CLAUSE, clauses=count, narrative=narrative)
    return Reading(shape=_fragment(words))


_REQUEST: Final = re.compile(
    r"^(?:dejeme hablar con .*\w{4}|no (?:me |nos )?(?:llam|molest|marqu|contact|insist|vuelv|escrib)\w+(?: .*\w{3})?|dej\w+ de \w+|(?:paseme|comuniqueme|pasame|comunicame|conecteme|transfierame|pongame) (?:con|a) .*\w{4}|(?:borreme|quiteme|saqueme|elimineme|borren|quiten|saquen)\b.{4,}|llameme .*\w{4}|llamame .*\w{4}|repit\w+(?: .*)?|\w{3,}[ae]n?me (?:para|el|la|los|en|a|con|otra|un|una|m\w+) .*\w{4}|hable (?:mas )?\w+|mas (?:despacio|lento|alto|fuerte)|espere(?:me)?(?: un .*)?|digame (?:el|la|los|su|mas|cuanto|que|como) ?.*\w{4}|explique\w* .*\w{4}|cuenteme .*\w{4}|mandeme .*\w{4}|envieme .*\w{4}|ya no me \w+|no mas llamadas)$"
)


def _requests(text: str) -> bool:
    return _REQUEST.match(text) is not None and not text.endswith(
        (" de", " a", " me", " la", " el", " su", " mi", " con", " que", " por")
    )


def _finite_count(words: Sequence[str]) -> int:
    count = 0
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        if word in ES_FINITE and before not in {
            "el",
            "un",
            "la",
            "una",
            "mi",
            "su",
            "al",
            "del",
            "los",
            "las",
            "este",
            "esta",
            "de",
            "sin",
            "con",
        }:
            count += 1
        elif word == "como" and before in {"no", "yo", "casi", "nunca"}:
            count += 1
        elif (
            word in ES_FINITE
            and before in {"la", "los", "las", "lo"}
            and index > 1
            and words[index - 2] in {"no", "ya", "yo", "que", "me", "se"}
        ):
            count += 1
    return count


def _fragment(words: Sequence[str]) -> Shape:
    first = words[0]
    if len(words) > 1 and (first in ES_INFINITIVES or first.endswith(("arme", "erme", "irme"))):
        return Shape.ANSWER
    if first.endswith(("arme", "erme", "irme")):
        return Shape.LIKELY
    if first == "para" and len(words) > 2:
        return Shape.ANSWER
    if (
        first in {"ambos", "ambas", "ninguno", "ninguna", "todos", "todo", "nada", "tampoco", "más", "demasiado", "muy"}
        and len(words) > 1
    ):
        return Shape.ANSWER
    return Shape.FRAGMENT
