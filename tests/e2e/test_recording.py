"""The recording of a real call, heard again by the product's own recognizer, and a call that a webhook changed."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from uvicorn import Config

from tests.e2e.running_product import Product
from tests.e2e.spoken import write_caller
from tests.serving import listening, served
from tests.worker.caller import calling
from tests.worker.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]
QUESTION = "what time do you open"


def door(product: Product) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {product.links['test_key']}"}
    return httpx.AsyncClient(base_url=product.base_url, headers=headers, timeout=60)


async def settled(rest: httpx.AsyncClient, session_id: str) -> dict[str, Any]:
    """The session, once its recording is."""
    seen: dict[str, Any] = {}
    for _ in range(200):
        seen = (await rest.get(f"/v1/sessions/{session_id}")).json()
        if seen["recordingStatus"] not in ("pending", "uploading"):
            break
        await asyncio.sleep(0.1)
    return seen


async def transcribed(rest: httpx.AsyncClient, file: bytes) -> str:
    headers = {"Content-Type": "audio/ogg", "Accept": "application/json", "X-Speko-Intent": '{"language":"en-US"}'}
    answer = await rest.post("/v1/transcribe", content=file, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["text"]).lower()


async def test_a_recording_has_what_both_sides_said_and_a_webhook_what_is_said_first(
    product: Product, tmp_path: Path
) -> None:
    """SES-4, TEL-4: `speko talk`, its file fetched and transcribed; the pre-call answer is the first message."""

    async def _pre_call(request: Request) -> JSONResponse:
        asked.append(json.loads(await request.body()))
        return JSONResponse({"firstMessage": "Good morning. Please tell me your name.", "metadata": {"by": "webhook"}})

    asked: list[dict[str, Any]] = []
    app = Starlette(routes=[Route("/", _pre_call, methods=["POST"])])
    async with served(Config(app, log_config=None, lifespan="off"), listening(0)) as url, door(product) as rest:
        agent = {
            "name": "Recorded", "systemPrompt": "You answer the phone.", "intent": {"language": "en-US"},
            "firstMessage": "Never said.", "webhooks": {"preCall": {"url": url}},
        }  # fmt: skip
        agent_id = (await rest.post("/v1/agents", json=agent)).json()["id"]
        wav = await write_caller(tmp_path / "caller.wav", QUESTION)
        code, out, err = await product.command("talk", "--agent", agent_id, "--in", str(wav), "--json")
        assert code == 0, err
        session_id = json.loads(out)["sessionId"]
        session = await settled(rest, session_id)
        assert (session["recordingStatus"], session["metadata"]["by"]) == ("ready", "webhook")
        found = await rest.get(f"/v1/sessions/{session_id}/recording")
        file = (await rest.get(found.headers["location"], headers={"Authorization": ""})).content
        text = await transcribed(rest, file)
        turns = (await rest.get(f"/v1/sessions/{session_id}/transcript")).json()["entries"]
    assert len(asked) == 1
    assert turns[0]["text"] == "Good morning. Please tell me your name."
    assert abs(session["recordingDurationMs"] / 1000 - session["durationSeconds"]) < 3
    assert "what time do you" in text
    assert "please tell me your name" in text


async def test_a_killed_worker_leaves_a_failed_recording_and_no_file(product: Product) -> None:
    """SES-4, OPS-2"""
    async with door(product) as rest:
        agent_id = (await rest.get("/v1/agents")).json()[0]["id"]
        session = (await rest.post("/v1/sessions", json={"agentId": agent_id})).json()
        folder = product.data_dir / "worker-recordings"
        async with calling(session["transportUrl"], session["transportToken"]) as caller:
            await until(lambda: bool(caller.of("ready")), 20)
            await until(lambda: bool(list(folder.glob(f"{session['sessionId']}.*"))), 10)
            os.kill(product.pids("worker")[0], signal.SIGKILL)
        assert (await settled(rest, session["sessionId"]))["recordingStatus"] == "failed"
        assert (await rest.get(f"/v1/sessions/{session['sessionId']}/recording")).status_code == 404
        await until(lambda: not list(folder.glob(f"{session['sessionId']}.*")), 30)
