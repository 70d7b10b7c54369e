"""Sentences spoken by the offline voice."""

from speko_core.deps import Deps
from tests.conftest import rest_client


async def spoken(deps: Deps, key: str, text: str) -> bytes:
    """A sentence as PCM at 24 kHz."""
    async with rest_client(deps, key) as client:
        asked = {"text": text, "intent": {"language": "en-US"}}
        answer = await client.post("/v1/synthesize", json=asked, headers={"Accept": "audio/pcm;rate=24000"}, timeout=30)
    assert answer.status_code == 200
    return answer.content
