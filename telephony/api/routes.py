"""All routes under `/api`, behind the bearer token, and their description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.metrics import Door as Entrance
from bot.metrics import RefusalCause
from telephony.api.calls import add_call_routes
from telephony.api.errors import ERRORS, NO_STORE, ApiError, answering_route
from telephony.api.prospects import add_prospect_routes
from telephony.door import Door

PREFIX: Final = "/api"
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
_CAUSES: Final = {401: RefusalCause.UNAUTHORIZED, 429: RefusalCause.TOO_MANY}


def add_api_routes(app: FastAPI, door: Door) -> None:
    """Put the API into the app. Without the token every path of it answers 401, whether it is there or not."""
    allowed = [Depends(_let_in(door)), Security(HTTPBearer(auto_error=False, description="API_TOKEN"))]
    route = answering_route(on_store_away=partial(door.count_store_away, entrance=Entrance.API))
    api = APIRouter(prefix=PREFIX, dependencies=allowed, responses=ERRORS, route_class=route)
    add_call_routes(api, door.records)
    add_prospect_routes(api, door.records)

    async def describe() -> Response:
        return JSONResponse(_description(app), headers=NO_STORE)

    async def elsewhere(request: Request) -> None:
        raise ApiError(404, f"there is no such route for {request.method}: see {PREFIX}/openapi.json")

    api.add_api_route("/openapi.json", describe, methods=["GET"], include_in_schema=False)
    api.add_api_route("/{path:path}", elsewhere, methods=_METHODS, include_in_schema=False)
    app.include_router(api)


def _let_in(door: Door) -> Callable[[Request, Response], Awaitable[None]]:
    async def check(request: Request, response: Response) -> None:
        response.headers.update(NO_STORE)
        try:
            door.api_access.check(request.headers.get("Authorization"))
        except ApiError as error:
            door.metrics.refusal(door=Entrance.API, cause=_CAUSES[error.status])
            raise

    return check


def _description(app: FastAPI) -> dict[str, Any]:
    """The API in OpenAPI's words. Routes that are not of the API are left out of it by themselves."""
    described = get_openapi(title="NGX Voice", version=version("ngx-voice"), routes=app.routes)
    for path in described["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)  # our answer to bad parameters is 400
    for schema in ("HTTPValidationError", "ValidationError"):
        described.get("components", {}).get("schemas", {}).pop(schema, None)
    return described
