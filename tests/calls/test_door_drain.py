"""Stopping: calls finish, nobody new comes in, and a port that is taken is told in a line."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from telephony.gate import Gate
from telephony.server import BindError, DrainingServer, bind, server_config
from tests.calls.door_harness import running_door, stop_message, verbs
from tests.calls.test_door_stream import assert_alive, closed
from tests.services import free_port

SID = "CA" + "1" * 32


async def ended(task: asyncio.Task[None]) -> bool:
    """Whether the server comes to its end within a few seconds."""
    done, _ = await asyncio.wait({task}, timeout=10)
    return bool(done)


async def test_at_sigterm_live_calls_finish_and_nobody_new_comes_in(tmp_path: Path):
    async with running_door(tmp_path) as door:
        server, serving = door.draining_server(seconds=30)
        async with asyncio.timeout(20):
            await door.started(server)
            token = await door.token(SID)
            async with door.stream(SID, token) as stream:
                await assert_alive(stream, 2)
                server.handle_exit(signal.SIGTERM, None)
                await asyncio.sleep(0.5)  # uvicorn's own stop takes 0.1 s to close every socket
                await assert_alive(stream, 3)
                assert (await door.client.get("/readyz")).status_code == 503
                assert verbs(await door.ring("CA2"))[-1] == "Hangup"
                assert not serving.done()
                await stream.send(stop_message(4))
                assert await closed(stream) == 1000
        assert await ended(serving)


async def test_a_call_whose_stream_is_still_to_come_is_waited_for(tmp_path: Path):
    async with running_door(tmp_path) as door:
        server, serving = door.draining_server(seconds=30)
        async with asyncio.timeout(20):
            await door.started(server)
            token = await door.token(SID)
            server.handle_exit(signal.SIGTERM, None)
            await asyncio.sleep(0.4)
            async with door.stream(SID, token) as stream:
                await assert_alive(stream, 2)
                await stream.send(stop_message(3))
                assert await closed(stream) == 1000
        assert await ended(serving)


async def test_calls_that_outlast_the_time_are_cut(tmp_path: Path):
    async with running_door(tmp_path) as door:
        server, serving = door.draining_server(seconds=0.3)
        async with asyncio.timeout(20):
            await door.started(server)
            async with door.stream(SID, await door.token(SID)) as stream:
                await assert_alive(stream, 2)
                server.handle_exit(signal.SIGTERM, None)
                with pytest.raises(ConnectionClosed) as caught:
                    while True:
                        await stream.recv()
                assert caught.value.rcvd is not None and caught.value.rcvd.code == 1012
        assert await ended(serving)


async def test_a_second_signal_stops_at_once():
    gate = Gate(free_call_slots=lambda: 1)
    gate.admit(SID)
    server = DrainingServer(server_config(silent_app), gate=gate, drain_seconds=600)
    serving = asyncio.create_task(server._serve([bind("127.0.0.1", free_port(), setting="PORT")]))
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    server.handle_exit(signal.SIGTERM, None)
    assert gate.draining and not server.should_exit
    server.handle_exit(signal.SIGTERM, None)
    assert await ended(serving)


async def silent_app(scope: object, receive: object, send: object) -> None:
    """An app that nobody asks anything."""


def test_a_taken_port_is_told_with_its_setting():
    port = free_port()
    listener = bind("127.0.0.1", port, setting="PORT")
    try:
        with pytest.raises(BindError, match=rf"PORT={port}: cannot listen on 127\.0\.0\.1:{port}: Address already"):
            bind("127.0.0.1", port, setting="PORT")
    finally:
        listener.close()
    bind("127.0.0.1", port, setting="PORT").close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "300.1.1.1"])
def test_a_host_that_is_not_ours_is_told(host: str):
    with pytest.raises(BindError, match=r"HOST=|cannot listen"):
        bind(host, free_port(), setting="PORT")


def test_answers_do_not_wait_for_a_full_packet():
    # asyncio switches Nagle's algorithm off only where the socket names its protocol; else each answer waits 40 ms.
    with bind("127.0.0.1", free_port(), setting="PORT") as listener:
        assert listener.proto == socket.IPPROTO_TCP
