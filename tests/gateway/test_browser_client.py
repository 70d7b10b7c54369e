"""`speko-client.js` in a real browser: what a page that imports it is told and may do, on either socket."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.e2e.cdp import Page, browser_page, chromium_path
from tests.gateway.scripted_media import Call
from tests.gateway.scripted_realtime import RealtimeCall
from tests.gateway.talk_site import TalkSite, talk_site
from tests.worker.conftest import until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium on PATH"),
]
ROOT = Path(__file__).parents[2]
DOCS, CLIENT = ROOT / "docs", ROOT / "speko_gateway" / "web" / "client"
# Keeps everything a conversation tells, in order.
TELL = """
    window.told = [];
    window.callbacks = Object.fromEntries(
        ["onConnect", "onDisconnect", "onMessage", "onStatusChange", "onModeChange", "onToolCall", "onAgentState"].map(
            (name) => [name, (detail) => told.push([name.slice(2), detail])]));
    callbacks.onError = (error) => told.push(["Error", error.message, error.code]);
    window.open_ = async (name, options) => {
        try {
            window.conversation = await client[name].create({ ...callbacks, ...options });
            return "open";
        } catch (error) {
            return [error instanceof client.SpekoClientError, error.code, error.cause?.closeCode ?? error.cause?.name];
        }
    };
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    async with browser_page(tmp_path_factory.mktemp("profile"), flags=["--use-fake-ui-for-media-stream"]) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[TalkSite]:
    async with talk_site() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(tab: Page, site: TalkSite) -> Page:
    """A page of another origin with the module of our site imported."""
    tab.problems.clear()
    async with talk_site() as customer:
        await tab.open(f"{customer.base_url}/elsewhere")
        await tab.evaluate(
            f"import('{site.base_url}/client/speko-client.js').then((found) => {{ window.client = found }})"
        )
    await tab.evaluate(TELL)
    return tab


async def open_voice(page: Page, site: TalkSite, **options: object) -> Any:
    given = {"transportUrl": site.socket("media"), "transportToken": "tok_1", **options}
    return await page.evaluate(f"open_('VoiceConversation', {_js(given)})")


async def open_realtime(page: Page, site: TalkSite) -> Any:
    given = {"sessionId": "s1", "wsUrl": site.socket("realtime"), "wsToken": "tok_1"}
    return await page.evaluate(f"open_('RealtimeVoiceConversation', {_js(given)})")


def _js(value: object) -> str:
    return json.dumps(value)


async def test_a_conversation_tells_what_the_documentation_says_in_its_order(site: TalkSite, page: Page) -> None:
    """SES-8: status, connect, modes, growing messages by segment, problems, and one end."""

    async def script(call: Call) -> None:
        await call.ready()
        await call.send("state", agent="speaking")
        await call.send("transcript", source="agent", segmentId="a0", text="We", isFinal=False)
        await call.send("transcript", source="agent", segmentId="a0", text="We open at nine.", isFinal=True)
        await call.send("error", code="TTS_FAILED", message="The voice failed.")
        await call.send("state", agent="listening")
        await call.send("end", reason="agent")
        await call.socket.close(1000)

    site.media.script = script
    overrides = {"agent": {"language": "en-US"}}
    assert await open_voice(page, site, overrides=overrides) == "open"
    await page.until("told.at(-1)?.[0] === 'Disconnect'")
    told = await page.evaluate("told")
    assert [entry for entry in told if entry[0] in ("StatusChange", "Connect", "Disconnect")] == [
        ["StatusChange", "connected"],
        ["Connect", {"conversationId": "s1"}],
        ["StatusChange", "disconnected"],
        ["Disconnect", {"reason": "agent", "message": "agent", "closeCode": 1000}],
    ]
    assert [entry[1] for entry in told if entry[0] == "Message"] == [
        {"source": "agent", "text": text, "isFinal": final, "segmentId": "a0"}
        for text, final in (("We", False), ("We open at nine.", True))
    ]
    assert [entry[1] for entry in told if entry[0] == "ModeChange"] == ["speaking", "listening"]
    assert ["Error", "The voice failed.", "TTS_FAILED"] in told
    assert page.problems == []


async def test_what_a_page_sends_reaches_the_agent_and_nothing_before_or_after(site: TalkSite, page: Page) -> None:
    """SES-4: overrides, a typed turn, an update; `NOT_CONNECTED` once it is over; the old names of the options work."""
    names = {"livekitUrl": site.socket("media"), "conversationToken": "tok_1"}
    await page.evaluate(f"open_('VoiceConversation', {_js({**names, 'overrides': {'tts': {'speed': 1.2}}})})")
    assert await page.evaluate("[conversation.isOpen(), conversation.getId()]") == [True, "s1"]
    await page.evaluate("conversation.sendUserMessage('hello'); conversation.sendContextualUpdate('at the checkout')")
    await page.evaluate("conversation.endSession().then(() => conversation.endSession())")
    assert site.media.heard.messages == [
        {"type": "overrides", "overrides": {"tts": {"speed": 1.2}}},
        {"type": "user_message", "text": "hello"},
        {"type": "contextual_update", "text": "at the checkout"},
        {"type": "end"},
    ]
    assert await page.evaluate("told.map(([name, detail]) => detail.reason ?? detail).slice(2)") == [
        "disconnecting", "disconnected", "user",
    ]  # fmt: skip
    refused = "(() => { try { conversation.sendUserMessage('x') } catch (error) { return error.code } })()"
    assert await page.evaluate(refused) == "NOT_CONNECTED"


async def test_a_callback_that_throws_ends_nothing(site: TalkSite, page: Page) -> None:
    """SES-8: it is the page's own error, and shows up as one."""
    await page.evaluate("callbacks.onConnect = () => { throw new Error('mine') }")
    assert await open_voice(page, site) == "open"
    assert await page.evaluate("conversation.isOpen()") is True
    assert "mine" in page.problems[0]
    await page.evaluate("conversation.endSession()")


async def test_what_cannot_begin_is_thrown_with_its_code(site: TalkSite, page: Page) -> None:
    """SES-8: `CONNECTION_FAILED` with the transport's error; a refused microphone spends no token."""
    site.media.refuse_with = 4401
    assert await open_voice(page, site) == [True, "CONNECTION_FAILED", 4401]
    assert await open_voice(page, site, transportUrl="") == [True, "CONNECTION_FAILED", None]
    assert await page.evaluate("told") == [["StatusChange", "disconnected"]]
    site.media.heard.protocols = []
    assert await open_voice(page, site, inputDeviceId="gone") == [True, "MICROPHONE_FAILED", "OverconstrainedError"]
    assert site.media.heard.protocols == []
    assert await open_voice(page, site, inputDeviceId="gone", microphone=False) == [True, "CONNECTION_FAILED", 4401]


async def test_speech_to_speech_is_spoken_both_ways_at_the_rates_of_the_server(site: TalkSite, page: Page) -> None:
    """SES-6: one protocol, the token; 20 ms frames at the negotiated rate; roles, problems and tools are told."""

    async def script(call: RealtimeCall) -> None:
        await call.ready()
        await call.send("transcript", role="user", text="hel", final=False)
        await call.send("transcript", role="assistant", text="Hi.", final=True)
        await call.send("tool_call", callId="c1", name="find", arguments="{}")
        await call.send("error", code="PROVIDER_ERROR", message="It broke.")
        await call.send("usage", inputAudioTokens=1, outputAudioTokens=2)

    site.realtime.script = script
    assert await open_realtime(page, site) == "open"
    await until(lambda: site.realtime.heard.loudest() > 500, 10)
    assert (site.realtime.heard.protocols, site.realtime.heard.frame_sizes) == (["tok_1"], {640})
    await page.evaluate("conversation.sendToolResult('c1', 'none'); conversation.interrupt()")
    await until(lambda: len(site.realtime.heard.messages) == 2, 10)
    assert site.realtime.heard.messages == [
        {"t": "tool_result", "callId": "c1", "output": "none"}, {"t": "interrupt"},
    ]  # fmt: skip
    assert (await page.evaluate("told"))[:6] == [
        ["StatusChange", "connected"],
        ["Connect", {"conversationId": "s1"}],
        ["Message", {"source": "user", "text": "hel", "isFinal": False}],
        ["Message", {"source": "agent", "text": "Hi.", "isFinal": True}],
        ["ToolCall", {"callId": "c1", "name": "find", "arguments": "{}"}],
        ["Error", "It broke.", "PROVIDER_ERROR"],
    ]
    await page.evaluate("conversation.endSession()")
    assert await page.evaluate("told.at(-1)[1].reason") == "user"
    await until(site.realtime.heard.closed.is_set, 10)


async def test_speech_to_speech_is_quiet_when_muted_and_when_interrupted(site: TalkSite, page: Page) -> None:
    """SES-6: a muted microphone sends no frames; the mode follows what is queued; an interruption drops it."""
    call_of: list[RealtimeCall] = []

    async def script(call: RealtimeCall) -> None:
        call_of.append(call)
        await call.ready()
        await call.say(20)

    site.realtime.script = script
    await open_realtime(page, site)
    await page.until("told.at(-1)[1] === 'speaking'")
    await page.evaluate("conversation.setMicMuted(true)")
    sent = len(site.realtime.heard.audio)
    await call_of[0].send("interruption", at="user")
    await page.until("told.at(-1)[1] === 'listening'", 3)
    # A frame may have been on its way.
    assert len(site.realtime.heard.audio) - sent <= 2 * 640
    await call_of[0].end("timeout", 4408)
    await page.until("told.at(-1)[0] === 'Disconnect'")
    assert (await page.evaluate("told.at(-1)[1]"))["reason"] == "timeout"


async def test_the_example_of_the_documentation_talks(site: TalkSite, page: Page) -> None:
    """SES-8: as it stands in docs/browser.md, with our address for its host."""
    text = await asyncio.to_thread((DOCS / "browser.md").read_text)
    example = text.split("// your page\n")[1].split("```")[0].replace("https://speko.example.com", site.base_url)
    session = {"transportUrl": site.socket("media"), "transportToken": "tok_1"}
    address = f"data:text/javascript,{quote(example + 'window.spoken = lines;')}"

    async def script(call: Call) -> None:
        await call.ready()
        await call.send("transcript", source="agent", segmentId="a0", text="Hello", isFinal=False)
        await call.send("transcript", source="agent", segmentId="a0", text="Hello.", isFinal=True)

    site.media.script = script
    await page.evaluate(f"window.fetch = async () => new Response({_js(_js(session))})")
    await page.evaluate(f"import({_js(address)})")
    await page.until("spoken.get('agent a0') === 'Hello.'")
    await until(lambda: len(site.media.heard.messages) == 1, 10)
    assert site.media.heard.messages == [{"type": "user_message", "text": "what are your opening hours"}]


async def test_the_types_say_what_the_module_has(page: Page) -> None:
    """SES-8: every export is declared, and every method of a conversation, and nothing that is not there."""
    types = await asyncio.to_thread((CLIENT / "speko-client.d.ts").read_text)
    declared = dict(re.findall(r"export declare (?:class|const) (\w+)\b[^{]*\{(.*?)\n\}", types, re.DOTALL))
    assert sorted(declared) == sorted(await page.evaluate("Object.keys(client)"))
    for name in ("VoiceConversation", "RealtimeVoiceConversation"):
        methods = await page.evaluate(f"""(() => {{
            const names = (of) => of === Object.prototype ? [] : [
                ...Object.getOwnPropertyNames(of), ...names(Object.getPrototypeOf(of))];
            return names(client.{name}.prototype);
        }})()""")
        said = re.findall(r"^  (?:private )?(\w+)\(", declared[name], re.MULTILINE)
        # How the parts of the module reach each other.
        assert {*methods} == {*said, "connect", "publish"}, name
