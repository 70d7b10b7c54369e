"""Turns on their way to the database."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from speko_core.errors import NotFound, SpekoError, Unavailable
from speko_core.providers.base import ToolCall
from speko_core.providers.realtime import Said
from speko_core.realtime.life import Life, Scribe
from speko_core.realtime.turns import TurnLog
from speko_core.types import JsonObject

pytestmark = pytest.mark.virtual_time
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Store:
    """Fails as told, once each, then stores."""

    def __init__(self, *failures: SpekoError) -> None:
        self.failures, self.stored = list(failures), list[JsonObject]()

    async def store(self, turns: list[JsonObject]) -> None:
        await asyncio.sleep(0.01)
        if self.failures:
            raise self.failures.pop(0)
        self.stored += turns


@pytest.mark.parametrize(
    ("failure", "kept"), [(Unavailable("away", retry_after_s=1), ["one", "two"]), (NotFound("gone"), ["two"])]
)
async def test_turns_are_stored_again_while_that_can_help(failure: SpekoError, kept: list[str]) -> None:
    """SES-5, SES-7: a database that is away loses nothing, a turn that is refused holds up no other."""
    store = Store(failure)
    scribe = Scribe(cast(Life, store))
    scribe.put({"index": 0, "text": "one"})
    await asyncio.sleep(0.005)
    scribe.put({"index": 1, "text": "two"})
    await scribe.aclose()

    assert [turn["text"] for turn in store.stored] == kept


async def test_words_that_come_late_keep_their_place() -> None:
    """SES-7: the user spoke first, although the answer was known before the question was written down."""
    log = TurnLog()
    log.user_speaks(True, NOON)
    log.user_speaks(False, NOON + timedelta(seconds=1))
    log.agent_said(Said("assistant", "Hello.", True, "a"), NOON + timedelta(seconds=1.5))
    log.called(ToolCall("c", "find", "{}"))
    answer = log.answer_ended(False, NOON + timedelta(seconds=3), "openai", "gpt-realtime")
    first = log.user_said(Said("user", "Hi", True, "u"), NOON + timedelta(seconds=3))
    grown = log.user_said(Said("user", "Hi there", True, "u"), NOON + timedelta(seconds=4))

    assert answer is not None
    assert first is not None
    assert grown is not None
    assert (answer["index"], answer["latency"], answer["toolCalls"]) == (
        1,
        {"totalMs": 500.0},
        [{"name": "find", "args": "{}"}],
    )
    assert (first["index"], grown["index"], grown["text"]) == (0, 0, "Hi there")
    assert first["endedAt"] == "2026-01-01T12:00:01.000Z"
