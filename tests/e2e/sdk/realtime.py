"""Runs in the environment of an official SDK: a spoken conversation, or why there is none.

`python realtime.py BASE_URL API_KEY` reads PCM at 24 kHz from standard input and prints one JSON object.
"""

import asyncio
import json
import sys

from spekoai import AsyncSpeko, RealtimeConnectParams
from spekoai.errors import SpekoApiError

PIECE = 960


async def conversation(base_url: str, key: str, pcm: bytes) -> dict[str, object]:
    said: list[list[str]] = []
    kinds: set[str] = set()
    audio = 0
    async with AsyncSpeko(api_key=key, base_url=base_url) as speko:
        session = await speko.connect_realtime(
            RealtimeConnectParams(provider="openai", model="gpt-realtime", system_prompt="We open at nine.")
        )
        async with session:
            for at in range(0, len(pcm), PIECE):
                await session.send_audio(pcm[at : at + PIECE])
            await session.commit()
            async for frame in session:
                kinds.add(frame["type"])
                audio += len(frame.get("pcm", b""))
                if frame["type"] == "transcript" and frame["final"]:
                    said.append([frame["role"], frame["text"]])
                if frame["type"] in ("usage", "close"):
                    break
        return {"sessionId": session.session_id, "said": said, "kinds": sorted(kinds), "audio": audio}


base_url, key = sys.argv[1:3]
try:
    print(json.dumps(asyncio.run(conversation(base_url, key, sys.stdin.buffer.read()))))
except SpekoApiError as error:
    print(json.dumps({"refused": error.code}))
