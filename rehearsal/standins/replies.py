"""What the model stand-in says in rehearsals: replies long enough to talk over, in the language of the last words.

Their sentences are known beforehand, so that a rehearsal can tell by the sound which words came from the model.
"""

from __future__ import annotations

import zlib
from typing import Any

from rehearsal.standins.openai import SPANISH, Reply, last_user_text

_OPENING = (
    "Hello there, thanks for calling, I am the assistant on this line.",
    "You can ask me about training, about food, or about anything else that is on your mind today.",
    "So tell me, what would you like to talk about first?",
)
_OPENING_ES = (
    "Hola, gracias por llamar, soy la asistente en esta línea.",
    "Puede preguntarme por el entrenamiento, por la comida o por cualquier otra cosa que le interese hoy.",
    "Dígame, ¿de qué le gustaría hablar primero?",
)
_REPLIES = (
    (
        "That makes a lot of sense.",
        "Most people who come to us have felt the same way, and small steps carry them further than big ones.",
        "What would a good week look like for you?",
    ),
    (
        "I hear that quite often.",
        "The plan starts from where you are right now, and it changes together with your days and your sleep.",
        "Which part of the day suits you best?",
    ),
    (
        "Good that you bring it up.",
        "We look at what you eat, at how you move and at how you rest, and then we choose one thing to begin with.",
        "What have you tried so far?",
    ),
    (
        "Happy to tell you more.",
        "You get short sessions that fit between your other plans, and somebody looks at them with you along the way.",
        "Would you rather train at home or outside?",
    ),
)
_REPLIES_ES = (
    (
        "Tiene mucho sentido.",
        "Mucha gente que nos llama se ha sentido igual, y los pasos pequeños llevan más lejos que los grandes.",
        "¿Cómo sería para usted una buena semana?",
    ),
    (
        "Eso lo escucho a menudo.",
        "El plan empieza donde usted está ahora, y va cambiando junto con sus días, su descanso y su ánimo.",
        "¿Qué parte del día le queda mejor?",
    ),
    (
        "Qué bueno que lo menciona.",
        "Miramos lo que come, cómo se mueve y cómo descansa, y luego elegimos una sola cosa para empezar.",
        "¿Qué ha intentado hasta ahora?",
    ),
)

SENTENCES = frozenset(sentence for reply in (_OPENING, _OPENING_ES, *_REPLIES, *_REPLIES_ES) for sentence in reply)
"""Every sentence that `talkative_reply` may say."""


def talkative_reply(request: dict[str, Any]) -> Reply:
    """Three sentences, a short one first; the same request gets the same ones. Without a user's words: an opening."""
    last = last_user_text(request)
    if not last:
        system = " ".join(str(message.get("content", "")) for message in request.get("messages", []))
        return Reply(" ".join(_OPENING_ES if "Spanish" in system else _OPENING))
    replies = _REPLIES_ES if SPANISH.search(last) else _REPLIES
    return Reply(" ".join(replies[zlib.crc32(last.encode()) % len(replies)]))
