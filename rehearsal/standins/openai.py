"""Stand-in of OpenAI's chat completions: streaming and whole, with tools, usage and the vendor's errors."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from rehearsal.standins.behaviour import control_routes, faulty
from rehearsal.standins.profile import Dice, FaultScript, LatencyProfile

_encode = msgspec.json.Encoder().encode
_TOKEN = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")
SPANISH = re.compile(
    r"[¿¡ñáéíóú]|\b(hola|qu[eé]|cu[aá]nto|gracias|no me|quiero|por favor|buen[oa]s|precio|llame|sí|usted|para|tengo)\b",
    re.IGNORECASE,
)
"""Words that give Spanish away."""
_ERRORS = {
    400: ("invalid_request_error", None, "The request is not valid."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests. Please try again in 1s."),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}


@dataclass(frozen=True)
class ToolCall:
    """One function call of a reply; `arguments` become JSON."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Reply:
    """What the model says, or the functions it calls."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()

    @property
    def finish_reason(self) -> str:
        """As the vendor names it."""
        return "tool_calls" if self.tool_calls else "stop"


@dataclass
class ChatRequest:
    """A request as it came, for assertions; `finished` is False when the client left in the middle."""

    body: dict[str, Any]
    finished: bool = False


def seller_reply(request: dict[str, Any]) -> Reply:
    """A short seller's sentence in the language of the last thing that the user said."""
    if SPANISH.search(last_user_text(request)):
        return Reply("Claro, con gusto. ¿Qué le gustaría lograr con el programa?")
    return Reply("Of course, happy to help. What would you like to achieve with the program?")


def last_user_text(request: dict[str, Any]) -> str:
    """The last thing that the user said, empty where nothing was."""
    texts = [_text_of(message) for message in request.get("messages", []) if message.get("role") == "user"]
    return texts[-1] if texts else ""


def _text_of(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def tokens_of(text: str) -> list[str]:
    """Cut a text into pieces of about a token; joined they give the text again."""
    return _TOKEN.findall(text)


class OpenAIStandin:
    """Answers `/v1/chat/completions` and `/v1/models` as OpenAI does.

    Args:
        profile: how fast.
        keys: accepted API keys; None accepts any that is not empty.
        reply: makes the answer from the request's body; may be exchanged while it runs.
        models: ids that exist; None lets every model exist.
        seed: of the latency draws.
    """

    name = "openai"

    def __init__(
        self,
        *,
        profile: LatencyProfile | None = None,
        keys: frozenset[str] | None = None,
        reply: Callable[[dict[str, Any]], Reply] = seller_reply,
        models: tuple[str, ...] | None = None,
        seed: int = 0,
    ) -> None:
        profile = profile or LatencyProfile()
        self.faults = FaultScript(share=profile.fault_share, seed=seed)
        self.requests: list[ChatRequest] = []
        self.reply = reply
        self._dice = Dice(profile, seed=seed)
        self._keys = keys
        self._models = models
        chat = faulty(self.faults, _error, self._chat)
        models_route = faulty(self.faults, _error, self._list_models)
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", chat, methods=["POST"]),
                Route("/v1/models", models_route),
                Route("/v1/models/{model}", faulty(self.faults, _error, self._show_model)),
                *control_routes(self.faults),
            ]
        )

    def _may(self, request: Request) -> bool:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and bool(key) and (self._keys is None or key in self._keys)

    async def _list_models(self, request: Request) -> Response:
        if not self._may(request):
            return _error(401)
        return JSONResponse({"object": "list", "data": [_model(name) for name in self._models or ("gpt-4.1-mini",)]})

    async def _show_model(self, request: Request) -> Response:
        if not self._may(request):
            return _error(401)
        name = request.path_params["model"]
        return JSONResponse(_model(name)) if self._exists(name) else _error(404)

    def _exists(self, model: str) -> bool:
        return self._models is None or model in self._models

    async def _chat(self, request: Request) -> Response:
        if not self._may(request):
            return _error(401)
        try:
            body = msgspec.json.decode(await request.body())
        except msgspec.DecodeError as error:
            return _error(400, f"We could not parse the JSON body of your request: {error}")
        problem = _problem(body)
        if problem:
            return _error(400, problem)
        if not self._exists(body["model"]):
            return _error(404)
        record = ChatRequest(body)
        self.requests.append(record)
        started = time.monotonic()
        reply = self.reply(body)
        first = self._dice.seconds("llm_first_token_ms")
        if body.get("stream"):
            return StreamingResponse(self._stream(record, reply, started + first), media_type="text/event-stream")
        rate = self._dice.profile.llm_tokens_per_second
        await asyncio.sleep(first + (len(_pieces(reply)) / rate if rate else 0.0))
        record.finished = True
        return JSONResponse(_whole(body, reply))

    async def _stream(self, record: ChatRequest, reply: Reply, first_at: float) -> AsyncIterator[bytes]:
        chunk = _Chunks(record.body["model"])
        rate = self._dice.profile.llm_tokens_per_second
        await _until(first_at)
        yield chunk.delta({"role": "assistant", "content": None if reply.tool_calls else ""})
        for number, piece in enumerate(_pieces(reply)):
            if rate:
                await _until(first_at + number / rate)
            yield chunk.delta(piece)
        yield chunk.delta({}, finish_reason=reply.finish_reason)
        if (record.body.get("stream_options") or {}).get("include_usage"):
            yield chunk.usage(_usage(record.body, reply))
        record.finished = True
        yield b"data: [DONE]\n\n"


async def _until(moment: float) -> None:
    remaining = moment - time.monotonic()
    if remaining > 0:
        await asyncio.sleep(remaining)


class _Chunks:
    """Writes server-sent events that share one id."""

    def __init__(self, model: str) -> None:
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
            "service_tier": "default",
            "system_fingerprint": "fp_standin",
        }

    def delta(self, delta: dict[str, Any], *, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return b"data: " + _encode({**self._head, "choices": [choice], "usage": None}) + b"\n\n"

    def usage(self, usage: dict[str, Any]) -> bytes:
        return b"data: " + _encode({**self._head, "choices": [], "usage": usage}) + b"\n\n"


def _pieces(reply: Reply) -> list[dict[str, Any]]:
    """The deltas of a reply: a token each, a function's arguments in pieces."""
    if not reply.tool_calls:
        return [{"content": token} for token in tokens_of(reply.text)]
    deltas: list[dict[str, Any]] = []
    for index, call in enumerate(reply.tool_calls):
        head = {"name": call.name, "arguments": ""}
        deltas.append(
            {"tool_calls": [{"index": index, "id": _call_id(), "type": "function", "function": head}]},
        )
        for token in tokens_of(_encode(call.arguments).decode()):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": token}}]})
    return deltas


def _call_id() -> str:
    return f"call_{secrets.token_hex(12)}"


def _whole(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": _call_id(),
                "type": "function",
                "function": {"name": call.name, "arguments": _encode(call.arguments).decode()},
            }
            for call in reply.tool_calls
        ]
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}],
        "usage": _usage(body, reply),
        "system_fingerprint": "fp_standin",
    }


def _usage(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    prompt = sum(len(tokens_of(_text_of(message))) + 4 for message in body["messages"])
    completion = len(_pieces(reply))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "system"}


def _problem(body: object) -> str | None:
    """What is wrong with a request, in the vendor's words, or None."""
    if not isinstance(body, dict):
        return "The body of your request must be a JSON object."
    if not isinstance(body.get("model"), str):
        return "you must provide a model parameter"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "Missing required parameter: 'messages'."
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or "role" not in message:
            return f"Missing required parameter: 'messages[{number}].role'."
    return _unanswered_call(messages)


def _unanswered_call(messages: list[dict[str, Any]]) -> str | None:
    """OpenAI refuses a context in which a function call has no answer, or an answer no call."""
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            call = message.get("tool_call_id")
            if call not in open_calls:
                return (
                    f"Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
                    f"with 'tool_calls' (messages[{number}])."
                )
            open_calls.discard(call)
        elif open_calls:
            break
        for call in message.get("tool_calls") or []:
            open_calls.add(call.get("id", ""))
    if open_calls:
        return (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(sorted(open_calls))
        )
    return None


def _error(status: int, message: str | None = None) -> Response:
    kind, code, default = _ERRORS.get(status, ("server_error", None, f"HTTP {status}"))
    headers = {"x-request-id": f"req_{secrets.token_hex(8)}"}
    if status in (429, 503):
        headers["retry-after"] = "1"
    body = {"error": {"message": message or default, "type": kind, "param": None, "code": code}}
    return JSONResponse(body, status_code=status, headers=headers)
