"""Who calls in the demo and what they say. The callers' sound comes with us, made by `rehearsal.demo.clips`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.domain import Outcome
from rehearsal.caller_script import AfterBot, IntoBot, When

_WHEN_BOT_IS_DONE = AfterBot(gap_seconds=0.5)

CLIPS = Path(__file__).parent / "clips"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing a caller says."""

    text: str
    when: When = _WHEN_BOT_IS_DONE


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One call: `standin_ears` where no embedded recogniser knows the language."""

    key: str
    title: str
    language: str
    caller: str
    voice: str
    lines: tuple[Line, ...]
    outcome: Outcome
    standin_ears: bool = False

    def clip(self, index: int) -> Path:
        """The sound of line `index`."""
        return CLIPS / f"{self.key}_{index + 1}.wav"


SCENES = (
    Scene(
        key="interested",
        title="An interested caller, in English",
        language="en",
        caller="+12125550143",
        voice="rms",
        outcome=Outcome.BOOKED,
        lines=(
            Line(text="Hi, how much does it cost?"),
            Line(text="That is too expensive for me.", when=IntoBot(seconds=5.0)),
            Line(text="I would like to book a session for Thursday at five."),
            Line(text="My name is Daniel."),
            Line(text="Yes, that works."),
            Line(text="Nothing else, thank you. Goodbye."),
        ),
    ),
    Scene(
        key="optout",
        title="Somebody who does not want to be called again",
        language="en",
        caller="+13125550188",
        voice="awb",
        outcome=Outcome.OPTED_OUT,
        lines=(Line(text="Please do not call me again. Take me off your list."),),
    ),
    Scene(
        key="spanish",
        title="A caller in Spanish",
        language="es",
        caller="+34915550127",
        voice="es",
        outcome=Outcome.BOOKED,
        standin_ears=True,
        lines=(
            Line(text="Hola, quiero bajar de peso. ¿Cuánto cuesta?"),
            Line(
                text="Me interesa, quiero reservar para el jueves a las cinco de la tarde.", when=IntoBot(seconds=6.0)
            ),
            Line(text="Me llamo Lucía."),
            Line(text="Sí, perfecto."),
            Line(text="No, gracias, adiós."),
        ),
    ),
)
