"""The socket side of a fake vendor: takes audio until the caller's farewell, then answers well or as told."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.fakes.vendors.base import FakeVendor, Seen
from tests.fakes.vendors.behaviour import Behaviour, Trouble


@dataclass(frozen=True)
class Spoken:
    """A good conversation: on connect, before the end, the end, and the end when nothing was said."""

    opening: Sequence[str]
    parts: Sequence[str]
    ending: Sequence[str]
    empty: Sequence[str]


async def refuse(fake: FakeVendor, websocket: WebSocket, status: int, code: str | None = None) -> None:
    """Refuse the handshake in the vendor's shape."""
    fake.seen.append(_seen(websocket, b""))
    await websocket.send_denial_response(fake.error(status, code))


async def converse(
    fake: FakeVendor, websocket: WebSocket, spoken: Spoken, audio_of: Callable[[str | bytes], bytes | None]
) -> None:
    """One conversation. `audio_of` gives the audio in a message, or None for the farewell."""
    behaviour = fake.behave()
    if behaviour.trouble is Trouble.REFUSED:
        fake.seen.append(_seen(websocket, b""))
        denial = fake.error(behaviour.status, behaviour.code, "You said: secret prompt", behaviour.headers)
        await websocket.send_denial_response(denial)
        return
    await websocket.accept()
    fake.answering += 1
    try:
        for message in spoken.opening:
            await websocket.send_text(message)
        audio = await _listen(websocket, audio_of)
        fake.seen.append(_seen(websocket, audio))
        await _answer(websocket, spoken, behaviour)
    except WebSocketDisconnect:
        fake.note_hang_up()
    finally:
        fake.answering -= 1


async def _listen(websocket: WebSocket, audio_of: Callable[[str | bytes], bytes | None]) -> bytes:
    audio = bytearray()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        piece = audio_of(message["text"] if message.get("text") is not None else message["bytes"])
        if piece is None:
            return bytes(audio)
        audio += piece


async def _answer(websocket: WebSocket, spoken: Spoken, behaviour: Behaviour) -> None:
    trouble = behaviour.trouble
    await asyncio.sleep(behaviour.delay_s)
    for message in _messages(spoken, trouble):
        await websocket.send_text(message)
        await asyncio.sleep(behaviour.gap_s)
    if trouble in (Trouble.SILENT, Trouble.STALL):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"])
    await websocket.close(1011 if trouble is Trouble.CUT else 1000)


def _messages(spoken: Spoken, trouble: Trouble) -> Sequence[str]:
    if trouble in (Trouble.NONE, Trouble.SLOW):
        return [*spoken.parts, *spoken.ending]
    if trouble in (Trouble.SILENT, Trouble.NOTHING):
        return ()
    if trouble is Trouble.EMPTY:
        return spoken.empty
    return [*spoken.parts[:1], "{not what it says"] if trouble is Trouble.MALFORMED else spoken.parts[:1]


def _seen(websocket: WebSocket, audio: bytes) -> Seen:
    return Seen(
        "WEBSOCKET",
        websocket.url.path,
        websocket.query_params.multi_items(),
        dict(websocket.headers),
        audio,
        websocket.client.port if websocket.client else 0,
    )
