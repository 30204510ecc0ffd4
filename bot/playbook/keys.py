"""The texts that the policy speaks: their keys, and the placeholders that are filled in during a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.domain import Intent

_NONE: Final[frozenset[str]] = frozenset()
_NAME: Final = frozenset({"name_tail"})
_TIER: Final = frozenset({"tier_name", "tier_what", "tier_fits", "tier_price"})
_MOMENT: Final = frozenset({"moment", "name_tail"})

OBJECTIONS: Final[Mapping[Intent, str]] = {
    Intent.OBJECTION_PRICE: "price",
    Intent.OBJECTION_TIME: "time",
    Intent.OBJECTION_NEED: "need",
    Intent.OBJECTION_TRUST: "trust",
    Intent.OBJECTION_AUTHORITY: "authority",
    Intent.OBJECTION_COMPETITOR: "competitor",
}
"""Objection intent → the name under which its answers stand (`objection.price.1`, `objection.price.2`, …)."""

TOOLS: Final = frozenset(
    {"book_appointment", "opt_out", "schedule_callback", "transfer_to_person", "send_information", "end_call"}
)
"""The tools a stage may allow: the file names under `bot/tools`."""

REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "notice.disclosure_inbound": _NONE,
    "notice.disclosure_outbound": _NONE,
    "notice.storage": _NONE,
    "notice.disclosure_again": _NONE,
    "notice.storage_again": _NONE,
    "notice.opt_out_offer": _NONE,
    "notice.callback_number": _NONE,
    "open.inbound": _NONE,
    "open.outbound": _NONE,
    "greet.back": _NONE,
    "greet.name": _NAME,
    "propose.offer": _TIER,
    "propose.check": _NONE,
    "price.overview": _NONE,
    "price.tier": _TIER,
    "product.what": _NONE,
    "discount.answer": _NONE,
    "payment.answer": _NONE,
    "session.offer": _NONE,
    "session.ask_time": _NONE,
    "session.ask_hour": frozenset({"day"}),
    "session.closed_day": frozenset({"weekday"}),
    "session.closed_hour": frozenset({"weekday", "opens", "closes"}),
    "session.past": _NONE,
    "session.ask_name": _NONE,
    "session.confirm": _MOMENT,
    "session.confirm_key": _MOMENT,
    "session.press_key": _NONE,
    "session.other_time": _NONE,
    "session.booked": _MOMENT,
    "session.already": _MOMENT,
    "session.failed": _NONE,
    "callback.offer": _NONE,
    "callback.ask_time": _NONE,
    "callback.done_at": _MOMENT,
    "callback.done": _NAME,
    "callback.failed": _NONE,
    "wrong_number.inbound": _NONE,
    "wrong_number.offer": _NONE,
    "wrong_number.bye": _NONE,
    "opt_out.done": _NONE,
    "opt_out.failed": _NONE,
    "is_ai.answer": _NONE,
    "human.transferring": _NONE,
    "human.none": _NONE,
    "human.failed": _NONE,
    "complaint.sorry": _NONE,
    "repeat.lead": _NONE,
    "hold.ok": _NONE,
    "objection.respect": _NONE,
    "refuse.first": _NONE,
    "off_topic": _NONE,
    "acknowledge": _NONE,
    "feeling.frustrated": _NONE,
    "feeling.sad": _NONE,
    "not_understood.open": _NONE,
    "not_understood.story": _NONE,
    "not_understood.yes_no": _NONE,
    "not_understood.date": _NONE,
    "not_understood.number": _NONE,
    "not_understood.choice": _NONE,
    "not_understood.yes_no_keys": _NONE,
    "not_understood.time_keys": _NONE,
    "not_understood.callback": _NONE,
    "not_understood.person": _NONE,
    "silence.first": _NONE,
    "silence.second": _NONE,
    "silence.goodbye": _NONE,
    "goodbye.booked": _MOMENT,
    "goodbye.plain": _NAME,
    "goodbye.not_interested": _NAME,
    "goodbye.limit": _NAME,
    "more_questions": _NONE,
    "anything_else": _NONE,
    "emergency": _NONE,
    "info.done": _NONE,
    "info.failed": _NONE,
    "keys.help": _NONE,
    "language.switched": _NONE,
    "delivery.slower": _NONE,
    "delivery.faster": _NONE,
    "delivery.louder": _NONE,
    "delivery.quieter": _NONE,
    "delivery.limit": _NONE,
    "degraded.deaf": _NONE,
    "degraded.keys": _NONE,
    "degraded.backup": _NONE,
    "degraded.hearing": _NONE,
    "degraded.speaking": _NONE,
    "full_house": _NONE,
    **{f"objection.{name}.1": _NONE for name in OBJECTIONS.values()},
}
"""Text key → its placeholders of the call. Besides these, each question needs `ask.KEY` and `ack.SLOT`, each answer
`answer.KEY`."""


OPENERS: Final = frozenset({"opener.question", "opener.objection", "opener.story", "opener.plain", "opener.calm"})
"""Words that may start a reply; wanted where the playbook switches `openers` on."""

RESERVED_KEYS: Final = frozenset({"1", "2"})
"""Keys that confirm and choose within a call: a playbook cannot give them another meaning."""


def dynamic_placeholders(key: str) -> frozenset[str]:
    """The placeholders that a text may leave to the call."""
    return REQUIRED.get(key, _NONE)
