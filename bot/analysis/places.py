# ruff: noqa: E501 - a table, a zone a line
"""Places that carry a time zone, as people name them in English and Spanish (plain text, without accents)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NAMES: Final[Mapping[str, str]] = {
    "America/New_York": "eastern|eastern standard|eastern daylight|est|edt|et|east coast|del este|este|costa este|new york|nueva york|new york city|miami|boston|atlanta|florida|orlando|philadelphia|filadelfia|washington|washington dc|new jersey|nueva jersey|massachusetts|georgia|north carolina|pittsburgh|brooklyn",
    "America/Detroit": "detroit|michigan",
    "America/Toronto": "toronto|montreal|ottawa",
    "America/Chicago": "central|central standard|central daylight|cst|cdt|ct|del centro|chicago|illinois|texas|tejas|houston|dallas|austin|san antonio|minneapolis|minnesota|new orleans|nueva orleans|nashville|memphis|saint louis|st louis|milwaukee|wisconsin|oklahoma|kansas city",
    "America/Denver": "mountain|mountain standard|mst|mdt|mt|de la montana|de las montanas|denver|colorado|utah|salt lake city|albuquerque|new mexico|nuevo mexico",
    "America/Phoenix": "phoenix|arizona|tucson",
    "America/Los_Angeles": "pacific|pacific standard|pacific daylight|pst|pdt|pt|west coast|del pacifico|pacifico|costa oeste|los angeles|l a|la california|california|san francisco|san diego|seattle|portland|oregon|las vegas|vegas|nevada|sacramento|oakland",
    "America/Anchorage": "alaska|anchorage",
    "Pacific/Honolulu": "hawaii|hawai|honolulu",
    "America/Puerto_Rico": "puerto rico|san juan",
    "America/Vancouver": "vancouver",
    "America/Mexico_City": "mexico|mexico city|ciudad de mexico|cdmx|guadalajara|puebla",
    "America/Monterrey": "monterrey",
    "America/Tijuana": "tijuana",
    "America/Cancun": "cancun|quintana roo",
    "America/Bogota": "colombia|bogota|medellin|cali|barranquilla|cartagena|colombiana",
    "America/Lima": "peru|lima|peruana",
    "America/Guayaquil": "ecuador|quito|guayaquil|ecuatoriana",
    "America/Caracas": "venezuela|caracas|venezolana",
    "America/Santiago": "chile|santiago de chile|santiago|chilena",
    "America/Argentina/Buenos_Aires": "argentina|buenos aires|la argentina",
    "America/Argentina/Cordoba": "cordoba argentina",
    "America/Montevideo": "uruguay|montevideo",
    "America/Asuncion": "paraguay|asuncion",
    "America/La_Paz": "bolivia",
    "America/Guatemala": "guatemala",
    "America/El_Salvador": "el salvador|san salvador",
    "America/Tegucigalpa": "honduras|tegucigalpa",
    "America/Managua": "nicaragua|managua",
    "America/Costa_Rica": "costa rica",
    "America/Panama": "panama",
    "America/Havana": "cuba|la habana|havana",
    "America/Santo_Domingo": "santo domingo|republica dominicana|dominican republic|dominicana",
    "America/Sao_Paulo": "brazil|brasil|sao paulo|rio de janeiro",
    "Europe/Madrid": "madrid|spain|espana|barcelona|valencia|sevilla|seville|malaga|bilbao|espanola|peninsular|peninsula",
    "Atlantic/Canary": "canarias|canary islands|islas canarias|canaria|tenerife|gran canaria",
    "Europe/London": "london|londres|uk|england|inglaterra|britain|british|united kingdom|reino unido|scotland|manchester|inglesa",
    "Europe/Dublin": "ireland|irlanda|dublin",
    "Europe/Lisbon": "portugal|lisbon|lisboa",
    "Europe/Paris": "paris|france|francia|central european",
    "Europe/Berlin": "berlin|germany|alemania|munich|frankfurt",
    "Europe/Rome": "rome|roma|italy|italia|milan",
    "Europe/Zurich": "zurich|switzerland|suiza",
    "Europe/Athens": "athens|atenas|greece|grecia",
    "Asia/Dubai": "dubai",
    "Asia/Kolkata": "india|indian|mumbai|delhi|new delhi|bangalore",
    "Asia/Tokyo": "tokyo|japan|japon",
    "Asia/Shanghai": "china|shanghai|beijing|pekin",
    "Asia/Hong_Kong": "hong kong",
    "Asia/Singapore": "singapore|singapur",
    "Asia/Manila": "manila|philippines|filipinas",
    "Australia/Sydney": "sydney|sidney|melbourne",
    "Pacific/Auckland": "new zealand|auckland|nueva zelanda",
    "UTC": "utc|gmt|greenwich|universal|zulu",
}
_ZONES: Final = {name: zone for zone, names in _NAMES.items() for name in names.split("|")}
_LOOSE: Final = frozenset(
    "eastern central mountain pacific est edt et cst cdt ct mst mdt mt pst pdt pt este del-este del-centro "
    "universal zulu peninsular".split()
)
"""Names that say a zone only beside "time" or "hora", or after an hour."""
_ANY: Final = "|".join(sorted((re.escape(name) for name in _ZONES), key=len, reverse=True))
_CITIES: Final = "|".join(sorted((re.escape(name) for name in _ZONES if name not in _LOOSE), key=len, reverse=True))
_SHORT: Final = "est|edt|et|cst|cdt|ct|mst|mdt|mt|pst|pdt|pt|utc|gmt|eastern|pacific|mountain|central"
_NAMED: Final = re.compile(
    rf"\b(?:(?:(?P<time>{_ANY})(?: standard| daylight)? time|(?:hora|horario|tiempo) (?:local )?(?:de(?:l)? )?(?P<hora>{_ANY}))\b"
    rf"|(?:in|here in|over in|en|aqui en) (?P<place>{_CITIES})\b(?! (?:street|avenue|road|boulevard|calle))"
    rf"|(?:\d|am|pm|o'clock|tarde|manana|noche) (?P<short>{_SHORT})\b)"
)


def with_named_hours(words: str) -> str:
    """Plain text in which "hora de Madrid" is "horario de Madrid", so that it is not taken for a length of time."""
    return _NAMED.sub(lambda match: re.sub(r"^hora\b", "horario", match.group()), words)


def zone_in(words: str) -> tuple[str, tuple[int, int]] | None:
    """The IANA zone of the last place named ("pacific time", "hora de madrid", "in denver") and where it stands."""
    last = None
    for match in _NAMED.finditer(words):
        last = match
    if last is None:
        return None
    group = next(name for name in ("time", "hora", "place", "short") if last.group(name))
    return _ZONES[last.group(group)], (last.start(group) if group == "short" else last.start(), last.end())
