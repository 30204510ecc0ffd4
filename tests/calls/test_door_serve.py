"""`serve` as a process: what it says, where it listens, and how it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import connect

from tests.calls.door_harness import PUBLIC_URL, STREAM_URL, TOKEN, start_message, stop_message, voice_form
from tests.calls.test_door_stream import assert_alive, closed
from tests.services import free_port

ROOT = Path(__file__).parents[2]
SID = "CA" + "1" * 32


@dataclass
class Served:
    process: asyncio.subprocess.Process
    port: int
    metrics_port: int

    async def token(self) -> str:
        form = voice_form(SID)
        signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_URL}/twilio/voice", form)
        async with httpx.AsyncClient(timeout=10) as client:
            url = f"http://127.0.0.1:{self.port}/twilio/voice"
            response = await client.post(url, data=form, headers={"X-Twilio-Signature": signature})
        return response.text.partition('value="')[2].partition('"')[0]

    async def get(self, port: int, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.get(f"http://127.0.0.1:{port}{path}")


@asynccontextmanager
async def serving(folder: Path, **environ: str) -> AsyncIterator[Served]:
    port, metrics_port = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.calls.door_child",
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PORT": str(port),
            "METRICS_PORT": str(metrics_port),
            "PUBLIC_URL": PUBLIC_URL,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "DATA_DIR": str(folder / "data"),
            **environ,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    served = Served(process, port, metrics_port)
    try:
        async with asyncio.timeout(90):
            while True:
                try:
                    if (await served.get(port, "/healthz")).status_code == 200:
                        break
                except httpx.TransportError:
                    assert process.returncode is None, (await process.communicate())[1].decode()
                    await asyncio.sleep(0.2)
        yield served
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_worker_serves_both_ports_drains_at_sigterm_and_exits_with_0(tmp_path: Path):
    async with serving(tmp_path) as served:
        assert "ngx_live_calls" in (await served.get(served.metrics_port, "/metrics")).text
        assert (await served.get(served.port, "/metrics")).status_code == 404
        assert (tmp_path / "data" / "api-token").stat().st_mode & 0o777 == 0o600
        signature = RequestValidator(TOKEN).compute_signature(STREAM_URL, {})
        url = f"ws://127.0.0.1:{served.port}/twilio/stream"
        headers = {"X-Twilio-Signature": signature}
        async with connect(url, additional_headers=headers, compression=None) as socket:
            await socket.send(start_message(SID, await served.token()))
            await assert_alive(socket, 2)
            served.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.6)
            await assert_alive(socket, 3)
            assert (await served.get(served.port, "/readyz")).status_code == 503
            await socket.send(stop_message(4))
            assert await closed(socket) == 1000
        async with asyncio.timeout(20):
            out, errors = await served.process.communicate()
        assert served.process.returncode == 0, errors.decode()
        assert "voice webhook: https://voice.example.com/twilio/voice" in out.decode()
        assert TOKEN not in out.decode() + errors.decode()
