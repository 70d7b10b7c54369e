"""Runs in the official SDK's own environment: everything a customer does, with only the base URL changed.

`python conversation.py BASE_URL API_KEY` prints one JSON object of what came back.
"""

import asyncio
import io
import json
import sys
import wave

from spekoai import AsyncSpeko, Speko
from spekoai.errors import SpekoApiError, SpekoAuthError

SENTENCE = "what are your opening hours"
INTENT = {"language": "en-US"}


def as_wav(pcm: bytes, rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()


def sync(base_url: str, key: str) -> dict[str, object]:
    with Speko(api_key=key, base_url=base_url) as speko:
        agent = speko.agents.create({"name": "From the SDK", "systemPrompt": "You are brief.", "intent": INTENT})
        answer = speko.complete(messages=[{"role": "user", "content": "who are you"}], intent=INTENT)
        speech = speko.synthesize(SENTENCE, language="en-US")
        rate = int(speech.content_type.partition("rate=")[2])
        heard = speko.transcribe(as_wav(speech.audio, rate), language="en-US")
        listed = [row.name for row in speko.agents.list()]
        deleted = speko.agents.delete(agent.id)
        try:
            speko.agents.get(agent.id)
            missing = ""
        except SpekoApiError as error:
            missing = f"{error.status} {error.code}"
    return {
        "agent": agent.name,
        "listed": agent.name in listed,
        "deleted": bool(deleted),
        "missing": missing,
        "answer": [answer.text, answer.provider],
        "speech": [speech.content_type, speech.provider, len(speech.audio)],
        "heard": [heard.text, heard.provider],
    }


async def streamed(base_url: str, key: str) -> list[str]:
    async with AsyncSpeko(api_key=key, base_url=base_url) as speko:
        messages = [{"role": "user", "content": "who are you"}]
        return [event.type async for event in speko.complete_stream(messages=messages, intent=INTENT)]


def refused(base_url: str) -> str:
    try:
        Speko(api_key="sk_live_wrong", base_url=base_url).agents.list()
    except SpekoAuthError as error:
        return error.code
    return ""


base_url, key = sys.argv[1:3]
events = asyncio.run(streamed(base_url, key))
print(json.dumps({**sync(base_url, key), "stream": events, "refused": refused(base_url)}))
