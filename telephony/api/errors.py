"""What the API answers where it cannot do as asked: a status, and one sentence in JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from loguru import logger
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.stores.errors import StoreUnavailable

NO_STORE: Final = {"Cache-Control": "no-store"}
"""What the API tells is people's data: no cache between may keep it."""

_RETRY_SECONDS: Final = "5"


class ApiError(Exception):
    """An answer other than 200; the text says what was expected, never repeats what came at length."""

    def __init__(self, status: int, text: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = dict(headers or {})


class ErrorBody(BaseModel):
    """Why there is no other answer."""

    error: str


ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": ErrorBody, "description": "A parameter is not as expected."},
    401: {"model": ErrorBody, "description": "No bearer token, or a wrong one."},
    429: {"model": ErrorBody, "description": "Too many requests; Retry-After says when to come again."},
    503: {"model": ErrorBody, "description": "The database does not answer; Retry-After says when to come again."},
}
"""Responses that every route can give, for the API's description."""

NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorBody, "description": "There is none."}}


def answering_route(*, on_store_away: Callable[[StoreUnavailable], None]) -> type[APIRoute]:
    """The class of the API's routes: they answer for what they raise, so that no other route is concerned."""

    class AnsweringRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except ApiError as error:
                    return _answer(error.status, str(error), error.headers)
                except RequestValidationError as error:
                    return _answer(400, _bad_parameters(error), {})
                except StoreUnavailable as error:
                    on_store_away(error)
                    logger.error("the API cannot answer: {}", error)
                    return _answer(503, "the database does not answer: try again", {"Retry-After": _RETRY_SECONDS})

            return answer

    return AnsweringRoute


def _bad_parameters(error: RequestValidationError) -> str:
    return "; ".join(f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in error.errors())


def _answer(status: int, text: str, headers: Mapping[str, str]) -> Response:
    body = ErrorBody(error=text).model_dump()
    return JSONResponse(body, status_code=status, headers={**NO_STORE, **headers})
