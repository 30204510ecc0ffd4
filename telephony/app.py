"""Builds everything: stores, playbook, resources, the door; and the ASGI app over them. No other place does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from bot.domain import Call
from bot.metrics import Metrics, Store
from bot.playbook import Playbook, load_playbook
from bot.regions import language_of_number
from bot.settings import Settings
from bot.stores.api_token import load_or_create_api_token
from bot.stores.opening import open_records, open_sessions
from bot.stores.records.protocol import Records
from bot.stores.sessions import Sessions
from pipelines.line import MediaLine
from telephony.api.access import ApiAccess
from telephony.api.routes import add_api_routes
from telephony.door import CallEnd, Door, DoorLimits, SharedResources
from telephony.gate import Gate
from telephony.health import health_routes
from telephony.twilio.after_stream import AfterStreams
from telephony.twilio.rest import TwilioRest
from telephony.twilio.signature import TwilioSignature
from telephony.twilio.webhooks import twilio_routes

if TYPE_CHECKING:
    from pipelines.events import CallListener

DEFAULT_LIMITS: Final = DoorLimits()


class RunPhoneCall(Protocol):
    """Runs a whole call over its line; `pipelines.phone_call.run_phone_call` in earnest."""

    async def __call__(self, line: MediaLine, call: Call, *, resources: Any) -> CallEnd:
        """Return how the call ended, once it did; raises nothing but CancelledError."""
        ...


class OpenResources(Protocol):
    """Opens what calls share; `pipelines.resources.open_resources` in earnest."""

    def __call__(
        self, settings: Settings, *, playbook: Playbook, records: Records, sessions: Sessions, metrics: Metrics
    ) -> AbstractAsyncContextManager[SharedResources]:
        """Open the resources for the length of the context."""
        ...


def build_app(
    settings: Settings,
    *,
    run_call: RunPhoneCall | None = None,
    open_resources: OpenResources | None = None,
    limits: DoorLimits = DEFAULT_LIMITS,
) -> FastAPI:
    """The ASGI app of one worker; its lifespan opens and closes what it needs.

    `run_call` and `open_resources` replace the pipelines, for tests of the door alone.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_door(settings, run_call=run_call, open_resources=open_resources, limits=limits) as door:
            add_routes(app, door)
            yield

    return _bare_app(lifespan)


def app_for(door: Door) -> FastAPI:
    """The ASGI app over a door that is open already."""
    app = _bare_app(None)
    add_routes(app, door)
    return app


def add_routes(app: FastAPI, door: Door) -> None:
    """Put every route in; `app.state.door` is for tests and tools in the same process."""
    app.state.door = door
    app.include_router(health_routes(door))
    app.include_router(twilio_routes(door))
    add_api_routes(app, door)


@asynccontextmanager
async def open_door(
    settings: Settings,
    *,
    run_call: RunPhoneCall | None = None,
    open_resources: OpenResources | None = None,
    limits: DoorLimits = DEFAULT_LIMITS,
    listener: CallListener | None = None,
) -> AsyncGenerator[Door]:
    """Open everything that a worker needs, and close it in reverse. `listener` is told what happens in calls.

    Raises:
        PlaybookError: the playbook cannot be used.
        StoreUnavailable: the database does not answer; a Redis that is away is waited for while serving.
        SettingsError: a provider's settings are missing or malformed, or the file of the API's token is empty.
        ProviderError: a provider cannot be used.
    """
    async with AsyncExitStack() as stack:
        playbook = load_playbook(settings.playbook)
        # Loads the tables of the numbers that begin with +1, which would hold up the first caller from there.
        language_of_number("+17872345678", languages=("es",))
        metrics = Metrics(CollectorRegistry())
        records = open_records(settings)
        stack.push_async_callback(records.aclose)
        await records.migrate()
        sessions = open_sessions(settings, on_away=partial(metrics.store_error, Store.SESSIONS))
        stack.push_async_callback(sessions.aclose)
        opener = open_resources or _pipelines_resources(listener)
        resources = await stack.enter_async_context(
            opener(settings, playbook=playbook, records=records, sessions=sessions, metrics=metrics)
        )
        rest = TwilioRest.from_settings(settings.twilio)
        if rest is not None:
            await stack.enter_async_context(rest)
        runner = run_call or _pipelines_run_call()

        async def run(line: MediaLine, call: Call) -> CallEnd:
            return await runner(line, call, resources=resources)

        yield Door(
            settings=settings,
            playbook=playbook,
            records=records,
            sessions=sessions,
            metrics=metrics,
            resources=resources,
            run_call=run,
            signature=_signature(settings),
            gate=Gate(free_call_slots=resources.free_call_slots),
            after_streams=AfterStreams(),
            rest=rest,
            api_access=ApiAccess(load_or_create_api_token(settings)),
            limits=limits,
        )


def _bare_app(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None) -> FastAPI:
    return FastAPI(
        title="NGX Voice",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # Twilio signs the address it was given: a redirect to another one would not match.
        redirect_slashes=False,
    )


def _signature(settings: Settings) -> TwilioSignature:
    token = settings.twilio.auth_token
    return TwilioSignature(
        auth_token=None if token is None else token.get_secret_value(),
        public_url=settings.public_url,
        stream_url=settings.stream_url,
    )


def _pipelines_resources(listener: CallListener | None) -> OpenResources:
    # Imported late: pipecat takes seconds to import, which tests of the door and the command line do without.
    from pipelines.resources import open_resources

    return cast("OpenResources", partial(open_resources, listener=listener))


def _pipelines_run_call() -> RunPhoneCall:
    from pipelines.phone_call import run_phone_call

    return cast("RunPhoneCall", run_phone_call)
