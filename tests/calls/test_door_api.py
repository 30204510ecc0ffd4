"""The read API over a real socket."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from bot.domain import Call, Direction, Emotion, EmotionLabel, Intent, Outcome, Prospect, Speaker, Stage, Tier, Turn
from bot.stores.errors import RecordsUnavailable
from bot.stores.records.protocol import Records
from tests.calls.door_harness import RunningDoor, running_door

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PERSON = "+14158675310"
BEARER = {"Authorization": "Bearer test-api-token"}


@asynccontextmanager
async def api(folder: Path, **environ: str) -> AsyncIterator[RunningDoor]:
    """A door whose client shows the right token."""
    async with running_door(folder, **{"API_TOKEN": "test-api-token", **environ}) as door:
        door.client.headers.update(BEARER)
        yield door


async def get(door: RunningDoor, path: str, status: int = 200) -> Any:
    """The JSON at a path."""
    response = await door.client.get(path)
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


async def some_call(records: Records, sid: str = "CA1", **more: Any) -> None:
    call = Call(
        sid=sid,
        direction=Direction.INBOUND,
        caller=PERSON,
        callee="+18005551212",
        started_at=NOON,
        playbook="ngx",
        **more,
    )
    await records.open_call(call)


async def finish(records: Records, sid: str = "CA1", turns: tuple[Turn, ...] | None = ()) -> None:
    await records.finish(sid, outcome=Outcome.BOOKED, ended_at=NOON + timedelta(minutes=3), language="en", turns=turns)


@pytest.mark.parametrize(
    "path",
    ["/api/calls", "/api/calls/CA1", "/api/calls/CA1/transcript", f"/api/prospects/{PERSON}", "/api/openapi.json",
     "/api/no-such-route", "/api/calls?limit=no", "/api/"],
)  # fmt: skip
async def test_without_the_token_everything_is_401_and_counted(tmp_path: Path, path: str):
    async with running_door(tmp_path, API_TOKEN="test-api-token") as door:
        await some_call(door.door.records)
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic dGVzdA=="}):
            response = await door.client.get(path, headers=headers)
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer" and "API_TOKEN" in response.json()["error"]
        assert (await door.client.get(f"{path}{'&' if '?' in path else '?'}token=test-api-token")).status_code == 401
        assert door.metric("ngx_refusals_total", door="api", cause="unauthorized") == 4


async def test_the_token_that_was_made_is_kept_for_its_owner_and_lets_in(tmp_path: Path):
    async with running_door(tmp_path) as door:
        path = tmp_path / "data" / "api-token"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        bearer = {"Authorization": f"Bearer {path.read_text().strip()}"}
        assert (await door.client.get("/api/calls", headers=bearer)).status_code == 200


async def test_calls_come_by_pages_newest_first_each_once(tmp_path: Path):
    async with api(tmp_path) as door:
        for number in range(7):
            await some_call(door.door.records, f"CA{number}")
        pages: list[list[str]] = []
        cursor = None
        while True:
            page = await get(door, "/api/calls?limit=3" + (f"&cursor={cursor}" if cursor else ""))
            pages.append([call["sid"] for call in page["items"]])
            cursor = page["next_cursor"]
            if cursor is None:
                break
            await some_call(door.door.records, f"CAnew{len(pages)}")  # what comes meanwhile moves nothing
        assert pages == [["CA6", "CA5", "CA4"], ["CA3", "CA2", "CA1"], ["CA0"]]


async def test_a_call_is_shown_with_what_came_of_it(tmp_path: Path):
    async with api(tmp_path) as door:
        records = door.door.records
        await some_call(records, language="es")
        live = await get(door, "/api/calls/CA1")
        assert (live["ended_at"], live["outcome"], live["language"], live["bookings"]) == (None, None, "es", [])
        booking = await records.book(
            call_sid="CA1", at=NOON + timedelta(days=1), minutes=30, zone="America/New_York", name="Ana"
        )
        await finish(records)
        assert await get(door, "/api/calls/CA1") == {
            "sid": "CA1",
            "direction": "inbound",
            "caller": PERSON,
            "callee": "+18005551212",
            "playbook": "ngx",
            "language": "en",
            "started_at": "2026-11-23T12:00:00Z",
            "ended_at": "2026-11-23T12:03:00Z",
            "outcome": "booked",
            "bookings": [
                {
                    "reference": booking.reference,
                    "at": "2026-11-24T12:00:00Z",
                    "minutes": 30,
                    "zone": "America/New_York",
                    "name": "Ana",
                }
            ],
        }


async def test_a_transcript_has_every_turn_in_order(tmp_path: Path):
    emotion = Emotion(label=EmotionLabel.JOY, scores=MappingProxyType({"joy": 1.0}), valence=0.5)
    turns = (
        Turn(speaker=Speaker.BOT, text="¿Cómo está?", at=NOON, language="es", stage=Stage.OPEN, answer_ms=640),
        Turn(
            speaker=Speaker.CALLER,
            text="¡Bien!",
            at=NOON,
            language="es",
            stage=Stage.DISCOVER,
            intent=Intent.AFFIRM,
            emotion=emotion,
            tier=Tier(key="pro", scores=MappingProxyType({"pro": 1.0})),
        ),
    )
    async with api(tmp_path) as door:
        await some_call(door.door.records)
        await finish(door.door.records, turns=turns)
        body = await get(door, "/api/calls/CA1/transcript")
        assert body["call_sid"] == "CA1"
        bot, caller = body["turns"]
        assert (bot["speaker"], bot["text"], bot["answer_ms"]) == ("bot", "¿Cómo está?", 640)
        assert (bot["emotion"], bot["tier"], bot["intent"]) == (None, None, None)
        assert (caller["intent"], caller["tier"], caller["emotion"]["label"]) == ("affirm", "pro", "joy")
        assert (caller["emotion"]["scores"], caller["emotion"]["valence"]) == ({"joy": 1.0}, 0.5)


async def test_a_transcript_that_is_not_there_says_why(tmp_path: Path):
    async with api(tmp_path) as door:
        await some_call(door.door.records)
        assert "none on record" in (await get(door, "/api/calls/CA9/transcript", 404))["error"]
        assert "not over" in (await get(door, "/api/calls/CA1/transcript", 404))["error"]
        await finish(door.door.records, turns=None)
        assert "did not hear" in (await get(door, "/api/calls/CA1/transcript", 404))["error"]


@pytest.mark.parametrize("written", [PERSON, PERSON.replace("+", "%2B")])
async def test_a_person_is_shown_with_their_opt_out(tmp_path: Path, written: str):
    async with api(tmp_path) as door:
        records = door.door.records
        assert "none on record" in (await get(door, f"/api/prospects/{written}", 404))["error"]
        await records.upsert_prospect(Prospect(e164=PERSON, name="Ana", language="es"))
        person = await get(door, f"/api/prospects/{written}")
        assert (person["e164"], person["name"], person["opted_out"]) == (PERSON, "Ana", False)
        await records.suppress(PERSON, source="call", call_sid="CA1", at=NOON)
        assert (await get(door, f"/api/prospects/{written}"))["opted_out"] is True


async def test_an_opt_out_is_shown_though_nothing_else_is_known(tmp_path: Path):
    async with api(tmp_path) as door:
        await door.door.records.suppress(PERSON, source="import", call_sid=None, at=NOON)
        person = await get(door, f"/api/prospects/{PERSON}")
        assert person["opted_out"] is True and person["name"] is None


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/calls?limit=0", "limit"),
        ("/api/calls?limit=201", "limit"),
        ("/api/calls?limit=many", "limit"),
        ("/api/calls?cursor=x", "cursor"),
        ("/api/calls?cursor=" + "9" * 65, "cursor"),
        ("/api/calls?cursor=-1", "cursor"),
        ("/api/calls/" + "x" * 65, "call_sid"),
        ("/api/prospects/12125550123", "e164"),
        ("/api/prospects/anonymous", "e164"),
        ("/api/prospects/+1%0A", "e164"),
    ],
)
async def test_a_bad_parameter_is_named(tmp_path: Path, path: str, named: str):
    async with api(tmp_path) as door:
        assert (await get(door, path, 400))["error"].startswith(named)


async def test_other_routes_and_methods_are_told_where_to_look(tmp_path: Path):
    async with api(tmp_path) as door:
        assert "/api/openapi.json" in (await get(door, "/api/no-such-route", 404))["error"]
        response = await door.client.delete("/api/calls")
        assert response.status_code == 404 and "DELETE" in response.json()["error"]


async def test_the_hundred_and_first_request_in_a_minute_waits(tmp_path: Path):
    async with api(tmp_path) as door:
        for _ in range(100):
            await get(door, "/api/calls?limit=1")
        response = await door.client.get("/api/calls")
        assert response.status_code == 429
        assert 1 <= int(response.headers["retry-after"]) <= 60
        assert door.metric("ngx_refusals_total", door="api", cause="too_many") == 1
        assert (await door.client.get("/readyz")).status_code == 200


async def test_the_description_names_what_is_there_and_nothing_else(tmp_path: Path):
    async with api(tmp_path) as door:
        described = await get(door, "/api/openapi.json")
        assert set(described["paths"]) == {
            "/api/calls",
            "/api/calls/{call_sid}",
            "/api/calls/{call_sid}/transcript",
            "/api/prospects/{e164}",
        }
        for path, operations in described["paths"].items():
            responses = operations["get"]["responses"]
            assert {"200", "400", "401", "429", "503"} <= set(responses) and "422" not in responses, path
            assert operations["get"]["security"] == [{"HTTPBearer": []}]
        schemas = described["components"]["schemas"]
        assert "outcome" in schemas["CallBody"]["properties"] and "ValidationError" not in schemas


async def test_a_database_that_is_away_is_503_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def away(*_: object, **__: object) -> None:
        raise RecordsUnavailable("Postgres at db.internal does not answer")

    async with api(tmp_path) as door:
        monkeypatch.setattr(type(door.door.records), "calls", away)
        response: httpx.Response = await door.client.get("/api/calls")
        assert response.status_code == 503 and response.headers["retry-after"] == "5"
        assert "db.internal" not in response.text
        assert door.metric("ngx_store_errors_total", store="records") == 1
        assert door.metric("ngx_refusals_total", door="api", cause="store_away") == 1
