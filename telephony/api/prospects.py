"""`/api/prospects`: people, known by their number."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path

from bot.domain import Prospect
from bot.stores.records.protocol import Records
from telephony.api.errors import NOT_FOUND, ApiError
from telephony.api.models import ProspectBody

E164 = Annotated[str, Path(max_length=32, description="E.164, such as +12125550123; the plus may come as %2B.")]

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def add_prospect_routes(router: APIRouter, records: Records) -> None:
    """Add the routes that read people from `records`."""

    @router.get("/prospects/{e164}", tags=["prospects"], summary="A person", responses=NOT_FOUND)
    async def show_prospect(e164: E164) -> ProspectBody:  # pyright: ignore[reportUnusedFunction]
        if not _E164.fullmatch(e164):
            raise ApiError(400, "e164: expected a number in E.164, such as +12125550123")
        prospect = await records.prospect(e164)
        if prospect is None and await records.is_suppressed(e164):
            prospect = Prospect(e164=e164, opted_out=True)  # of a person who was erased, the opt-out alone stays
        if prospect is None:
            raise ApiError(404, f"prospect {e164}: there is none on record")
        return ProspectBody.of(prospect)
