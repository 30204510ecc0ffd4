"""Nothing that is said, no number and no key reaches the log, however much is logged."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from rehearsal.caller_script import AfterBot, Say, UntilServerHangsUp
from rehearsal.line import EndedBy
from rehearsal.standins.openai import Reply
from tests.calls.serve_process import serving
from tests.calls.stage import vendors_on_loopback

_SAID = "Umbrella gazebo, I want to get stronger."
_REPLIED = "Wonderful, a marmalade trombone it is."
_NUMBER = "+12129870456"
_KEYS = {
    "DEEPGRAM_API_KEY": "sentinel-deepgram-5f1e",
    "OPENAI_API_KEY": "sentinel-openai-77ab",
    "ELEVENLABS_API_KEY": "sentinel-elevenlabs-90cd",
    "ENCRYPTION_KEYS": "sentinel-encryption-31fa",
    "API_TOKEN": "sentinel-token-8e2d-0123456789",
}


async def test_the_log_at_its_most_verbose_holds_no_words_numbers_or_keys(tmp_path: Path) -> None:
    async with vendors_on_loopback() as (vendors, addresses):
        vendors.openai.reply = lambda body: Reply(_REPLIED)
        talk = [
            Say(text=_SAID, audio=vendors.voice(_SAID), when=AfterBot(gap_seconds=0.4)),
            Say(text="bye", audio=vendors.voice("No thanks, goodbye."), when=AfterBot(gap_seconds=0.4)),
            UntilServerHangsUp(),
        ]
        async with serving(tmp_path, {**addresses, **_KEYS, "NGX_LOG_LEVEL": "TRACE"}) as server:
            result = await server.ring(talk, caller=_NUMBER)
            assert result.ended.by is EndedBy.SERVER, result.ended
            assert await server.stop() == 0
            log = await asyncio.to_thread(server.log.read_text)
            secrets = {server.auth_token, *re.findall(r'value="([^"]+)"', result.twiml[0])}
        asked = " ".join(str(request.body["messages"]) for request in vendors.openai.requests)
        assert "gazebo" in asked, "the sentinel was not heard: this test proves nothing"
        spoken = " ".join(text for stream in vendors.elevenlabs.streams for text in stream.texts.values())
        assert "marmalade" in spoken, "the sentinel was not spoken: this test proves nothing"
    assert result.call_sid in log, "nothing of the call was logged"
    sentinels = {"umbrella", "gazebo", "marmalade", "trombone", "2129870456", "987-0456", *_KEYS.values(), *secrets}
    found = {word for word in sentinels if word.lower() in log.lower()}
    assert not found, [line for line in log.splitlines() if any(word.lower() in line.lower() for word in found)][:5]
