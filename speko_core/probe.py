"""Ask a role's health port, with nothing but the standard library."""

import asyncio
import json

PROBE_TIMEOUT_S = 2.0
_LARGEST_ANSWER = 65_536


async def get_json(host: str, port: int, path: str) -> tuple[int, dict[str, object]]:
    """GET `path` and return the status and the JSON object; (0, {}) when nobody answers in time."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            return await _exchange(host, port, path)
    except (OSError, TimeoutError, ValueError, EOFError):
        return 0, {}


async def _exchange(host: str, port: int, path: str) -> tuple[int, dict[str, object]]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nAccept: application/json\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read(_LARGEST_ANSWER)
        while chunk := await reader.read(_LARGEST_ANSWER):
            answer += chunk
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    parsed = json.loads(body) if body else {}
    return status, parsed if isinstance(parsed, dict) else {}


def connectable(host: str) -> str:
    """The address to dial for a role that listens on `host`: wildcards answer on loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
