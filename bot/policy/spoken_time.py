"""Moments as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

WEEKDAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ),
}  # fmt: skip
_PLURALS: Final = {"sábado": "sábados", "domingo": "domingos"}


def spoken_moment(moment: datetime, *, language: str) -> str:
    """ "Thursday, November 26th at 5 pm", "el jueves 26 de noviembre a las 5 de la tarde"."""
    joint = " " if language == "es" else " at "
    return f"{spoken_day(moment.date(), language=language)}{joint}{spoken_clock(moment, language=language)}"


def spoken_day(day: date, *, language: str) -> str:
    """ "Thursday, November 26th", "el jueves 26 de noviembre"."""
    weekday, month = WEEKDAYS[language][day.weekday()], MONTHS[language][day.month - 1]
    if language == "es":
        return f"el {weekday} {day.day} de {month}"
    return f"{weekday}, {month} {_ordinal(day.day)}"


def spoken_weekdays(day: date, *, language: str) -> str:
    """A weekday in general: "Sundays", "domingos"."""
    weekday = WEEKDAYS[language][day.weekday()]
    return _PLURALS.get(weekday, weekday) if language == "es" else f"{weekday}s"


def spoken_clock(moment: datetime, *, language: str) -> str:
    """ "5 pm", "5:30 pm", "noon"; in Spanish with its article, "a las 5 y media de la tarde"."""
    hour, minute = moment.hour, moment.minute
    if language == "es":
        return f"{'a la' if hour % 12 == 1 else 'a las'} {spanish_hour(hour, minute)}"
    if (hour, minute) == (12, 0):
        return "noon"
    clock = f"{(hour - 1) % 12 + 1}" + (f":{minute:02d}" if minute else "")
    return f"{clock} {'am' if hour < 12 else 'pm'}"


def spanish_hour(hour: int, minute: int) -> str:
    """ "5 y media de la tarde": without "a las"."""
    if (hour, minute) == (12, 0):
        return "12 del mediodía"
    past = {0: "", 15: " y cuarto", 30: " y media"}.get(minute, f" y {minute}")
    part = "de la mañana" if hour < 12 else "de la tarde" if hour < 20 else "de la noche"
    return f"{(hour - 1) % 12 + 1}{past} {part}"


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
