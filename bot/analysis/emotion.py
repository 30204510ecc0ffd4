# ruff: noqa: E501 - word lists are data, a line a purpose
"""The feeling carried by words: weighted word lists in two languages, with negation; sarcasm only in set phrases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.analysis.plain import phrase_pattern
from bot.domain import Emotion, EmotionLabel, Signal

_FEELINGS: Final[Mapping[EmotionLabel, tuple[float, float, str]]] = {
    # label: (valence, arousal, phrases)
    EmotionLabel.ANGER: (
        -0.7,
        0.75,
        "angry|furious|mad at|pissed|annoy*|fed up|sick of|sick and tired|hate|ridiculous|unacceptable|harass*|stop calling|"
        "leave me alone|shut up|idiot*|damn|hell is wrong|enough already|outrag*|rip off|waste of my time|how dare|third time|"
        "enojad*|furios*|hart*|molest*|harto|harta|odio|ridicul*|inaceptable|dejeme en paz|callese|ya basta|que les pasa|"
        "abuso|sinverguenza*|estupid*|perdida de tiempo|fastidi*|tercera vez|me tienen cansad*",
    ),
    EmotionLabel.DISGUST: (-0.6, 0.5, "disgust*|gross|sickening|nasty|yuck|revolting|asco|asquer*|repugna*|que horror|guacala"),
    EmotionLabel.FEAR: (
        -0.5,
        0.6,
        "afraid|scared|worr*|nervous|anxious|frighten*|terrified|panic*|miedo|asustad*|preocup*|nervios*|ansios*|temo|angusti*",
    ),
    EmotionLabel.JOY: (
        0.7,
        0.55,
        "great|wonderful|awesome|amazing|fantastic|love|happy|excited|perfect|excellent|glad|thank you so much|thanks so much|"
        "good news|sounds good|sounds great|can't wait|brilliant|lovely|nice|thrilled|genial|maravillos*|excelente|perfecto|feliz|"
        "content*|me encanta|que bien|que bueno|fantastic*|emocionad*|muchas gracias|me alegra|buenisim*|estupendo",
    ),
    EmotionLabel.SADNESS: (
        -0.6,
        0.25,
        "sad|depress*|hopeless|lonely|cry*|miserable|exhausted|heartbroken|passed away|lost my|divorce*|ashamed|nothing works|"
        "gave up|i give up|overwhelm*|triste*|deprimid*|lloro|llorar|agotad*|fallecio|murio|perdi mi|divorci*|"
        "verguenza|nada funciona|nada me funciona|me rindo|desanimad*|mal conmigo",
    ),
    EmotionLabel.SURPRISE: (0.1, 0.6, "wow|really|no way|seriously|oh my god|unbelievable|can't believe|what a surprise|de verdad|en serio|no puede ser|increible|no me diga|dios mio|vaya"),
}  # fmt: skip
_SIGNALS: Final[Mapping[Signal, str]] = {
    Signal.INTEREST: "interested in|interesting|tell me more|sounds good|sounds great|how does it work|i'd like|i want to|i would like|how much|"
    "what's included|let's do|sign me up|can i book|i like|yes please|me interesa|interesante|cuenteme|suena bien|me gustaria|quiero|"
    "quisiera|como funciona|cuanto cuesta|que incluye|me gusta",
    Signal.HESITATION: "i don't know|not sure|maybe|i guess|i suppose|let me think|think about it|perhaps|kind of|sort of|hmm|well|no se|"
    "no estoy segur*|tal vez|quizas|quiza|a lo mejor|tengo que pensar*|lo voy a pensar|puede ser|supongo|pues",
    Signal.CONFUSION: "don't understand|what do you mean|confus*|i'm lost|makes no sense|don't get it|what is this|who is this|not following|"
    "no entiendo|no entendi|que quiere decir|confundid*|como asi|no comprendo|que es esto|quien habla",
    Signal.FRUSTRATION: "frustrat*|annoy*|fed up|sick of|ridiculous|again and again|i already told|i already said|i told you|listen to me|waste of|"
    "stop calling|nothing works|tried everything|frustrad*|hart*|ya le dije|ya les dije|otra vez lo mismo|escucheme|perdida de tiempo|"
    "nada funciona|he probado de todo|deje de llamar|dejen de llamar|me tienen",
    Signal.URGENCY: "right away|as soon as possible|asap|urgent*|immediately|today|hurry|quickly|deadline|this week|right now|cuanto antes|"
    "lo antes posible|urgente|de inmediato|hoy mismo|rapido|esta semana|ya mismo",
    Signal.TRUST: "i trust|sounds fair|fair enough|that's honest|thanks for being honest|appreciate|makes sense|good point|recommended|my friend told|"
    "confio|me parece justo|gracias por ser|tiene sentido|me recomendaron|agradezco|tiene razon",
    Signal.SKEPTICISM: "scam|yeah right|too good to be true|prove|proof|really work|don't believe|don't trust|what's the catch|how do i know|"
    "sounds like a pitch|doubt*|skeptic*|fishy|legit|estafa|no le creo|no confio|demasiado bueno|pruebas|de verdad funciona|"
    "como se que|cual es el truco|dudo|no me convence|puro cuento",
}  # fmt: skip
_SARCASM: Final = re.compile(
    r"\b(?:yeah right|oh great|oh wonderful|oh perfect|just great|just what i needed|how nice of you|thanks a lot for nothing|sure you are|"
    r"si claro como no|ay que lindo|justo lo que necesitaba|que maravilla otra|gracias por nada)\b"
)
_NEGATED: Final = re.compile(
    r"\b(?:not|no|never|isn't|wasn't|don't|doesn't|didn't|nothing|hardly|nunca|tampoco|nada)\s+(?:\w+\s+){0,1}$"
)
_VIOLENT: Final = re.compile(r"\b(?:very|so|really|extremely|absolutely|muy|tan|super|demasiado)\s+$")
_WEAK: Final = 0.6


class EmotionJudge:
    """Judges emotions; its patterns are compiled once, judging is pure."""

    def __init__(self) -> None:
        self._feelings = {label: phrase_pattern(phrases.split("|")) for label, (_, _, phrases) in _FEELINGS.items()}
        self._signals = {signal: phrase_pattern(phrases.split("|")) for signal, phrases in _SIGNALS.items()}

    def judge(self, words: str) -> Emotion:
        """The emotion of plain text; every label has a score, and they sum to 1."""
        weights = dict.fromkeys(EmotionLabel, 0.0)
        for label, pattern in self._feelings.items():
            for match in pattern.finditer(words):
                before = words[: match.start()]
                if _NEGATED.search(before):
                    turned = EmotionLabel.SADNESS if label is EmotionLabel.JOY else EmotionLabel.NEUTRAL
                    weights[turned] += 0.3
                else:
                    weights[label] += 1.5 if _VIOLENT.search(before) else 1.0
        if _SARCASM.search(words):
            weights[EmotionLabel.JOY] = 0.0
            weights[EmotionLabel.ANGER] += 1.0
        felt = sum(weight for label, weight in weights.items() if label is not EmotionLabel.NEUTRAL)
        weights[EmotionLabel.NEUTRAL] += _WEAK if felt else 1.0
        total = sum(weights.values()) + 0.02 * len(weights)
        scores = {label: (weight + 0.02) / total for label, weight in weights.items()}
        label = max(scores, key=lambda key: scores[key])
        valence = sum(scores[key] * _FEELINGS[key][0] for key in _FEELINGS)
        arousal = sum(scores[key] * _FEELINGS[key][1] for key in _FEELINGS) + scores[EmotionLabel.NEUTRAL] * 0.3
        return Emotion(
            label=label,
            scores=MappingProxyType({str(key): value for key, value in scores.items()}),
            valence=max(-1.0, min(1.0, valence)),
            arousal=max(0.0, min(1.0, arousal)),
            signals=self._signal_scores(words),
        )

    def _signal_scores(self, words: str) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for signal, pattern in self._signals.items():
            count = sum(1 for match in pattern.finditer(words) if not _NEGATED.search(words[: match.start()]))
            found[str(signal)] = (0.05, 0.6, 0.8, 0.9)[min(count, 3)]
        return MappingProxyType(found)
