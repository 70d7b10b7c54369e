"""The browser client and the talk page in rooms of a real LiveKit server, with LiveKit's own library."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from livekit import api

from tests.e2e.caller_speech import write_caller
from tests.e2e.cdp import Page, PageError, browser_page, chromium_path
from tests.e2e.test_recording import door
from tests.gateway.talk_site import LIBRARY, TalkSite, talk_site
from tests.livekit.conftest import Installation
from tests.livekit.room_agent import RoomAgent, agent_in, room_token
from tests.livekit.server import LiveKit
from tests.worker.conftest import until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium on PATH"),
    pytest.mark.skipif(not LIBRARY.is_file(), reason="livekit-client is not installed: tests/e2e/clients/install.sh"),
]
ROOM = "speko_room"
SPOKEN = "what are your opening hours"
ENDED = "document.getElementById('talk').dataset.phase === 'ended'"
LINES = "[...document.querySelectorAll('.line-%s .said')].map((said) => said.textContent.toLowerCase())"
# Everything that a conversation tells its page, in order, and the conversation itself.
JOIN = """(async () => {
    const { VoiceConversation } = await import("/client/speko-client.js");
    window.told = { message: [], status: [], mode: [], error: [], connect: [], disconnect: [], state: [], turn: [] };
    const keep = (name) => (detail) => window.told[name].push(detail);
    window.conversation = await VoiceConversation.create({
        transportUrl: %r, transportToken: %r, overrides: { agent: { language: "en-US" } },
        onConnect: keep("connect"), onDisconnect: keep("disconnect"), onMessage: keep("message"),
        onStatusChange: keep("status"), onModeChange: keep("mode"), onError: (error) => keep("error")(String(error)),
        onAgentState: keep("state"), onTurn: keep("turn"),
    });
    return window.conversation.getId();
})()"""
TYPED = {"type": "user_message", "text": "I'd like to reschedule."}
UPDATE = {"type": "contextual_update", "text": "user switched to the checkout page"}
OVERRIDES = {"type": "overrides", "overrides": {"agent": {"language": "en-US"}}}
NOT_OURS = (b"\xff\x00", b"[1]", b'{"type": 7}', {"type": "server_control", "text": "x"}, {"type": "transcript"})
PACKETS = (
    {"type": "transcript", "source": "user", "text": "Hello there.", "isFinal": False},
    {"type": "transcript", "source": "user", "text": "Hello there."},
    {"type": "agent_message", "segmentId": "agent-0", "text": "Happy", "isFinal": False},
    {"type": "user_message_echo", "text": "I'd like to reschedule."},
)
MESSAGES = [
    {"source": "user", "text": "Hello there.", "isFinal": False},
    {"source": "user", "text": "Hello there.", "isFinal": True},
    {"source": "agent", "text": "Happy", "isFinal": False, "segmentId": "agent-0"},
    {"source": "user", "text": "I'd like to reschedule.", "isFinal": True},
    {"source": "agent", "text": "to help!", "isFinal": True, "segmentId": "SG_1"},
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(livekit: LiveKit) -> AsyncIterator[TalkSite]:
    async with talk_site(livekit.socket_url) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    async with browser_page(tmp_path_factory.mktemp("profile"), flags=["--use-fake-ui-for-media-stream"]) as tab:
        yield tab


@pytest_asyncio.fixture(loop_scope="session")
async def agent(livekit: LiveKit) -> AsyncIterator[RoomAgent]:
    async with agent_in(livekit.socket_url, ROOM) as joined:
        yield joined


async def join(page: Page, site: TalkSite, livekit: LiveKit) -> str:
    """A conversation of the module itself, without the page's own; returns its id."""
    await page.open("about:blank")
    await page.open(f"{site.base_url}/talk/s1")
    return str(await page.evaluate(JOIN % (livekit.socket_url, room_token(ROOM, "caller"))))


async def test_every_documented_packet_goes_both_ways(
    livekit: LiveKit, site: TalkSite, page: Page, agent: RoomAgent
) -> None:
    """SES-4: overrides, typed turns and updates reach the agent; transcripts and messages reach the page."""
    assert await join(page, site, livekit) == ROOM
    await page.evaluate(f"conversation.sendUserMessage({TYPED['text']!r})")
    await page.evaluate(f"conversation.sendContextualUpdate({UPDATE['text']!r})")
    await until(lambda: len(agent.packets) == 3, 10)
    assert agent.packets == [OVERRIDES, TYPED, UPDATE]
    for packet in (*NOT_OURS, *PACKETS):
        await agent.send(packet)
    await page.until("told.message.length === 4")
    await agent.transcribe("SG_1", "to help!", final=True)
    await page.until("told.message.length === 5")
    assert await page.evaluate("told.message") == MESSAGES
    assert await page.evaluate("[told.connect, told.status, told.error]") == [
        [{"conversationId": ROOM}], ["connected"], [],
    ]  # fmt: skip


async def test_the_controls_of_a_conversation_reach_the_room(
    livekit: LiveKit, site: TalkSite, page: Page, agent: RoomAgent
) -> None:
    """SES-8: the agent is heard, mute is seen by the other side, volume is the page's, leaving is clean."""
    await join(page, site, livekit)
    await page.until("told.mode.includes('speaking')")
    await page.evaluate("conversation.setMicMuted(true)")
    await until(lambda: agent.muted is True, 10)
    await page.evaluate("conversation.setMicMuted(false)")
    await until(lambda: agent.muted is False, 10)
    await page.evaluate("conversation.setVolume(3); conversation.setVolume(0.5)")
    assert await page.evaluate("[...document.querySelectorAll('audio')].map((audio) => audio.volume)") == [0.5]
    await page.evaluate("conversation.endSession().then(() => conversation.endSession())")
    assert await page.evaluate("document.querySelectorAll('audio').length") == 0
    assert await page.evaluate("told.status") == ["connected", "disconnecting", "disconnected"]
    assert await page.evaluate("told.disconnect") == [{"reason": "user", "message": "CLIENT_INITIATED"}]
    with pytest.raises(PageError, match="NOT_CONNECTED"):
        await page.evaluate("(() => { try { conversation.sendUserMessage('x') } catch (e) { throw Error(e.code) } })()")


async def test_the_talk_page_holds_a_conversation_in_a_room(
    livekit: LiveKit, site: TalkSite, page: Page, agent: RoomAgent
) -> None:
    """SES-8: the same page on LiveKit: who is there, what is said, whose end it was; the security policy holds."""
    address = urlencode({"token": room_token(ROOM, "caller"), "url": livekit.socket_url})
    await page.open("about:blank")
    await page.open(f"{site.base_url}/talk/s1#{address}")
    await page.click("#talk-start")
    await page.until("document.getElementById('talk').dataset.phase === 'live'")
    await agent.send({"type": "ready", "agentName": "Pets", "sandbox": True})
    for text, final in (("we sell", False), ("we sell cats", True)):
        await agent.send({"type": "agent_message", "segmentId": "agent-0", "text": text, "isFinal": final})
    await page.until("document.querySelector('.line-agent:not(.interim)') !== null")
    assert await page.evaluate("[...document.querySelectorAll('.said')].map((line) => line.textContent)") == [
        "we sell cats"
    ]
    await page.until("Number(document.getElementById('talk').style.getPropertyValue('--agent-level')) > 0.2")
    assert await page.text("#talk-agent") == "Pets"
    await agent.room.disconnect()
    await page.until("document.getElementById('talk-status').textContent === 'Waiting for the agent'")
    client = livekit.api()
    await client.room.delete_room(api.DeleteRoomRequest(room=ROOM))
    await client.aclose()
    await page.until(ENDED)
    assert "The agent ended the conversation" in await page.text("#talk-notice")
    assert page.problems == []


async def test_a_person_talks_to_an_agent_in_a_room(installation: Installation, tmp_path: Path) -> None:
    """SES-3, SES-8: a microphone, a real worker, an answer that is read and heard, and the time that it took."""
    microphone = await asyncio.to_thread(write_caller, tmp_path / "caller.wav", [SPOKEN], [4.0], after_s=10.0)
    async with door(installation.product) as rest:
        made = await rest.post("/v1/sessions", json={"agentId": (await rest.get("/v1/agents")).json()[0]["id"]})
    async with browser_page(tmp_path / "profile", microphone) as page:
        await page.open(made.json()["talkUrl"])
        await page.click("#talk-start")
        await page.until(f"{LINES % 'user'}.some((said) => said.includes('opening hours'))", 40)
        await page.until("Number(document.getElementById('talk').style.getPropertyValue('--agent-level')) > 0.1", 20)
        await page.until("document.querySelector('.line-user ~ .line-agent .latency') !== null", 20)
        answers = await page.evaluate(LINES % "agent")
        assert "nine" in answers[-1]
        await page.fill("#talk-message", "who are you")
        await page.click("#talk-send")
        await page.until(f"{LINES % 'agent'}.length > {len(answers)}", 20)
        # Echoed on the data channel, and then a turn: one line.
        assert (await page.evaluate(LINES % "user"))[1:] == ["who are you"]
        await page.click("#talk-hang-up")
        await page.until(ENDED)
        assert "You hung up" in await page.text("#talk-notice")
        assert page.problems == []


async def test_a_token_that_has_expired_says_so(livekit: LiveKit, site: TalkSite, page: Page) -> None:
    """SES-8: what to do is on the page, not only in a console."""
    address = urlencode({"token": room_token(ROOM, "caller", minutes=-5), "url": livekit.socket_url})
    await page.open("about:blank")
    await page.open(f"{site.base_url}/talk/s1#{address}")
    await page.click("#talk-type")
    await page.until(ENDED)
    assert "link has expired" in await page.text("#talk-notice")


async def test_without_livekits_library_the_page_names_what_is_missing(livekit: LiveKit, page: Page) -> None:
    """SES-8: an installation that never fetched it."""
    async with talk_site(livekit.socket_url, Path("nowhere.js")) as site:
        address = urlencode({"token": "x", "url": livekit.socket_url})
        await page.open(f"{site.base_url}/talk/s1#{address}")
        await page.click("#talk-type")
        await page.until(ENDED)
        assert "browser library is not installed" in await page.text("#talk-notice")
