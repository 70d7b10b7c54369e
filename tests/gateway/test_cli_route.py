"""`speko route explain`: why a chain is what it is, on the command line."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from speko_core.deps import Deps
from speko_core.providers.base import FailureKind
from speko_gateway.cli.main import main
from tests.fakes.scripted_providers import HELLO, cast, failure
from tests.gateway.oneshot_door import MASTER_KEY, bare_deps, door

__all__ = ["bare_deps"]

Explain = Callable[..., Awaitable[str]]


@pytest.fixture
def explain(bare_deps: Deps, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Explain:
    """Runs the command on the installation of the test, which has keys of two vendors."""
    monkeypatch.chdir(bare_deps.settings.data_dir)
    monkeypatch.setenv("SPEKO_DATA_DIR", str(bare_deps.settings.data_dir))
    monkeypatch.setenv("SPEKO_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("SPEKO_PROVIDER_KEY_DEEPGRAM", "k")
    monkeypatch.setenv("SPEKO_PROVIDER_KEY_ELEVENLABS", "k")

    async def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(main, ("route", "explain", *arguments))
        assert ended.value.code == 0
        return capsys.readouterr().out

    return run


async def test_a_table_lines_up_and_says_why(explain: Explain) -> None:
    """RTE-6: ranked with the axes, and the others with their reasons."""
    lines = (await explain("--optimize-for", "latency", "--modality", "stt")).splitlines()
    assert lines[0].startswith("en, global, latency; figures of ")
    assert re.fullmatch(r"STT by \S+; weights: quality 0.2, latency 0.7, cost 0.1", lines[2])
    header, first = lines[3], lines[4]
    assert header.split() == ["#", "candidate", "score", "quality", "latency", "cost", "basis", "why"]
    starts = [found.start() for found in re.finditer(r"\S+", header)]
    ranked = lines[4 : lines.index("", 4)]
    assert all(line[start - 1] == " " and line[start] != " " for line in ranked for start in starts[1:])
    assert first.startswith("1  ")
    assert any(re.match(r"groq:\S+ +no_key +no provider key is configured", line) for line in lines)


async def test_as_json_it_is_the_answer_of_the_api(bare_deps: Deps, explain: Explain) -> None:
    """RTE-6"""
    stack: dict[str, Any] = json.loads(await explain("--modality", "stt", "--modality", "tts", "--json"))
    assert {"language", "region", "optimizeFor", "scoresRunId", "stt", "tts"} == set(stack)
    for layer in (stack["stt"], stack["tts"]):
        for candidate in (layer["pick"], *layer["runnersUp"]):
            weighted = [layer["weights"][axis] * figure for axis, figure in (candidate["axes"] or {}).items()]
            assert candidate["score"] == (pytest.approx(sum(weighted), abs=2e-4) if weighted else None)


async def test_a_decision_of_the_past_is_explained_with_the_health_it_saw(bare_deps: Deps, explain: Explain) -> None:
    """RTE-11, RTE-12"""
    played = cast(first=(failure(FailureKind.UPSTREAM),), second=HELLO)
    body = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}}
    async with door(bare_deps, played) as client:
        for _ in range(6):
            answer = await client.post("/v1/complete", json=body)
    told = await explain("--decision", answer.headers["x-speko-decision-id"])
    assert "Made again, the chain is the same." in told
    assert re.search(r"^1  second:m-second ", told, re.MULTILINE)
    assert re.search(r"^first:m-first +unhealthy +circuit open: 5 failures in a row", told, re.MULTILINE)
