"""The talk page in a real browser, against a media server that follows a script."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.cdp import Page, browser_page, chromium_path
from tests.gateway.scripted_media import TURN_LATENCY, Call
from tests.gateway.scripted_realtime import RealtimeCall
from tests.gateway.talk_site import TalkSite, talk_site
from tests.gateway.voice_wav import write_voice

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium on PATH"),
]

LIVE = "document.getElementById('talk').dataset.phase === 'live'"
ENDED = "document.getElementById('talk').dataset.phase === 'ended'"
AGENT_LEVEL = "Number(document.getElementById('talk').style.getPropertyValue('--agent-level'))"
MICROPHONE_WORDS = {
    "NotFoundError": "No microphone found",
    "NotReadableError": "microphone is in use",
    "OverconstrainedError": "not there any more",
    "SecurityError": "needs a secure page",
}
CHOOSE_LAST = """(() => {
    const select = document.getElementById("%s");
    select.selectedIndex = select.options.length - 1;
    select.dispatchEvent(new Event("change"));
})()"""
QUIET_AGAIN_S = 1.0
CLOSE_WORDS = {
    1001: "server is restarting",
    1011: "No voice worker",
    4401: "link has expired",
    4404: "no such session",
    4408: "Time is up",
    4409: "already used",
}


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[TalkSite]:
    async with talk_site() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    folder = tmp_path_factory.mktemp("browser")
    microphone = await asyncio.to_thread(write_voice, folder / "voice.wav")
    async with browser_page(folder / "profile", microphone) as tab:
        yield tab


@pytest_asyncio.fixture(loop_scope="module")
async def page(tab: Page) -> AsyncIterator[Page]:
    tab.problems.clear()
    yield tab
    assert tab.problems == []
    await tab.open("about:blank")


async def eventually(holds: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.02)


async def start(page: Page, site: TalkSite) -> None:
    await page.open(site.link())
    await page.click("#talk-start")
    await page.until(LIVE)


async def test_the_microphone_reaches_the_server_as_20_ms_frames(site: TalkSite, page: Page) -> None:
    """SES-8: the page sends what it hears as 16 kHz PCM16, with the token as second subprotocol."""
    await start(page, site)
    await eventually(lambda: site.media.heard.loudest() > 2_000, "a voice in the microphone audio")
    assert site.media.heard.frame_sizes == {640}
    assert site.media.heard.protocols == ["speko.media.v1", "tok_1"]


async def test_the_token_leaves_the_address_once_it_is_spent(site: TalkSite, page: Page) -> None:
    """SES-8: a reload, a bookmark or a shared address must not carry a token."""
    await start(page, site)
    assert await page.evaluate("location.href") == f"{site.base_url}/talk/s1"
    await page.open(f"{site.base_url}/talk/s1?again")
    assert "no talk link" in await page.text("#talk-notice")


async def test_the_agent_is_heard_and_falls_silent_when_interrupted(site: TalkSite, page: Page) -> None:
    """SES-9: `clear` drops audio that is already queued."""
    interrupt = asyncio.Event()

    async def script(call: Call) -> None:
        await call.ready()
        await call.say(8.0)
        await interrupt.wait()
        await call.send("clear")

    site.media.script = script
    await start(page, site)
    await page.until(f"{AGENT_LEVEL} > 0.5")
    interrupt.set()
    await page.until(f"{AGENT_LEVEL} === 0", QUIET_AGAIN_S)


async def test_the_transcript_grows_live_and_shows_where_the_time_went(site: TalkSite, page: Page) -> None:
    """SES-9: words appear as they are recognised; each answer shows its latency by stage."""

    async def script(call: Call) -> None:
        await call.ready()
        await call.exchange(1, "what are your opening hours", "We open at nine.")

    site.media.script = script
    await start(page, site)
    await page.until("document.querySelectorAll('.line-agent .latency').length === 1")
    lines = await page.evaluate("[...document.querySelectorAll('.line .said')].map((said) => said.textContent)")
    assert lines == ["what are your opening hours", "We open at nine."]
    assert await page.evaluate("document.querySelectorAll('.line-user .latency').length") == 0
    numbers = await page.text(".line-agent .latency-numbers")
    for value in (TURN_LATENCY[key] for key in ("vadMs", "sttMs", "llmTtftMs", "ttsTtfbMs", "totalMs")):
        assert f"{value} ms" in numbers
    assert "Agent: We open at nine." in await page.evaluate("document.getElementById('talk-spoken').textContent")


async def test_several_segments_become_one_turn_and_a_late_number_replaces_it(site: TalkSite, page: Page) -> None:
    """SES-5: the last report of a turn's index wins; its segments are one line."""

    async def script(call: Call) -> None:
        await call.ready()
        for name, text in (("u1", "i'd like to book"), ("u2", "an appointment")):
            await call.send("transcript", source="user", segmentId=name, text=text, isFinal=True)
        await call.send("transcript", source="user", segmentId="u3", text="tomor", isFinal=False)
        await call.turn(0, "user", "i'd like to book an appointment")
        await call.turn(1, "agent", "For which day")
        await call.turn(1, "agent", "For which", interrupted=True, latency=TURN_LATENCY)

    site.media.script = script
    await start(page, site)
    await page.until("document.querySelectorAll('.line.interrupted .latency').length === 1")
    lines = await page.evaluate("[...document.querySelectorAll('.line .said')].map((said) => said.textContent)")
    assert lines == ["i'd like to book an appointment", "tomor", "For which"]
    assert await page.evaluate("document.querySelectorAll('.line.interim').length") == 1


async def test_sandbox_voices_are_labelled_and_phrases_to_try_are_offered(site: TalkSite, page: Page) -> None:
    """RTE-17: nobody takes the offline providers for the real ones."""
    await start(page, site)
    assert "Sandbox" in await page.text(".sandbox-badge")
    assert "opening hours" in await page.text(".phrases")


async def test_a_real_provider_shows_no_sandbox_label(site: TalkSite, page: Page) -> None:
    """RTE-17: the label means something because it is absent otherwise."""
    site.media.script = lambda call: call.ready(sandbox=False)
    await start(page, site)
    assert await page.text(".stage-words") == "Default\n\nListening"
    assert await page.evaluate("getComputedStyle(document.querySelector('.phrases')).display") == "none"


async def test_the_label_also_appears_when_a_turn_was_served_offline(site: TalkSite, page: Page) -> None:
    """RTE-17: a live session without provider keys falls to the offline voices, and says so."""

    async def script(call: Call) -> None:
        await call.ready(sandbox=False)
        await call.turn(0, "agent", "Hello.")

    site.media.script = script
    await start(page, site)
    await page.until("document.getElementById('talk').classList.contains('sandbox')")


async def test_a_callers_turn_is_heard_not_answered(site: TalkSite, page: Page) -> None:
    """SES-9: a total is claimed only where one was measured."""

    async def script(call: Call) -> None:
        await call.ready()
        await call.turn(0, "user", "hello", latency={"vadMs": 120, "sttMs": 210})

    site.media.script = script
    await start(page, site)
    await page.until("document.querySelectorAll('.latency').length === 1")
    numbers = await page.text(".latency-numbers")
    assert "Heard in" in numbers
    assert "330 ms" in numbers
    assert "Answered" not in numbers


async def test_a_muted_microphone_sends_silence(site: TalkSite, page: Page) -> None:
    """SES-8: mute keeps the audio running, so that turn taking on the server keeps its clock."""
    await start(page, site)
    await eventually(lambda: site.media.heard.loudest() > 2_000, "a voice before mute")
    await page.click("#talk-mute")
    assert await page.evaluate("document.getElementById('talk-mute').getAttribute('aria-pressed')") == "true"
    muted_at = len(site.media.heard.audio)
    await eventually(lambda: len(site.media.heard.audio) > muted_at + 64_000, "two more seconds of audio")
    assert site.media.heard.loudest(after_s=muted_at / 32_000 + 0.5) == 0


async def test_another_microphone_and_another_speaker_can_be_chosen(site: TalkSite, page: Page) -> None:
    """SES-8: the devices are named once the microphone is allowed; the choice takes effect and is remembered."""
    await start(page, site)
    await page.until("document.getElementById('talk-input').options.length > 1")
    for picker in ("talk-input", "talk-output"):
        await page.evaluate(CHOOSE_LAST % picker)
    sent = len(site.media.heard.audio)
    await eventually(lambda: len(site.media.heard.audio) > sent + 16_000, "audio of the other microphone")
    assert await page.evaluate("document.getElementById('talk-notice').hidden") is True
    chosen = "['talk-input', 'talk-output'].map((id) => document.getElementById(id).value)"
    wanted = await page.evaluate(chosen)
    await page.open("about:blank")
    await start(page, site)
    await page.until("document.getElementById('talk-input').options.length > 1")
    assert await page.evaluate(chosen) == wanted


async def test_a_speech_to_speech_session_is_spoken_to_on_the_same_page(site: TalkSite, page: Page) -> None:
    """SES-6: growing text replaces itself, then is final; there is nothing to type into; the end has its words."""

    async def script(call: RealtimeCall) -> None:
        await call.ready()
        for text, final in (("what are", False), ("what are your hours", False), ("What are your hours?", True)):
            await call.send("transcript", role="user", text=text, final=final)
        await call.send("transcript", role="assistant", text="We open", final=False)
        await call.say(0.5)
        await asyncio.sleep(1)
        await call.end("timeout", 4408)

    site.realtime.script = script
    await page.open(site.realtime_link())
    await page.click("#talk-start")
    await page.until(LIVE)
    assert await page.evaluate("document.getElementById('talk-composer').hidden") is True
    assert "Sandbox" in await page.text(".sandbox-badge")
    await page.until(ENDED)
    lines = "[...document.querySelectorAll('.line .said')].map((said) => said.textContent)"
    assert await page.evaluate(lines) == ["What are your hours?", "We open"]
    assert "Time is up" in await page.text("#talk-notice")


async def test_a_typed_message_and_hanging_up_reach_the_server(site: TalkSite, page: Page) -> None:
    """SES-8: the page also works by keyboard, and says how a conversation ended."""
    await start(page, site)
    await page.fill("#talk-message", "when do you open?")
    await page.click("#talk-send")
    await page.click("#talk-hang-up")
    await page.until(ENDED)
    assert site.media.heard.messages == [{"type": "user_message", "text": "when do you open?"}, {"type": "end"}]
    assert "You hung up" in await page.text("#talk-notice")
    assert await page.evaluate("document.activeElement.getAttribute('href')") == "/talk"


async def test_a_refused_connection_says_what_to_do(site: TalkSite, page: Page) -> None:
    """SES-8: every documented close code has words of its own and a way on."""
    for close_code, words in CLOSE_WORDS.items():
        site.media.refuse_with = close_code
        await page.open("about:blank")
        await page.open(site.link())
        await page.click("#talk-type")
        await page.until(ENDED)
        assert words in await page.text("#talk-notice")
        assert await page.evaluate("document.querySelector('#talk-notice a').getAttribute('href')") == "/talk"


async def test_a_blocked_microphone_spends_no_token_and_typing_still_works(site: TalkSite, tmp_path: Path) -> None:
    """SES-8: without a microphone the agent can be written to, over the same link."""
    async with browser_page(tmp_path / "profile") as page:
        await page.call("Browser.setPermission", permission={"name": "microphone"}, setting="denied")
        await page.open(site.link())
        await page.click("#talk-start")
        await page.until("!document.getElementById('talk-notice').hidden")
        assert "microphone is blocked" in await page.text("#talk-notice")
        assert site.media.heard.protocols == []
        await page.click("#talk-type")
        await page.until(LIVE)
        await page.fill("#talk-message", "hello")
        await page.click("#talk-send")
        await eventually(lambda: bool(site.media.heard.messages), "the typed message")
    assert site.media.heard.audio == b""


async def test_a_microphone_that_cannot_be_had_says_why(site: TalkSite, page: Page) -> None:
    """SES-8: none, in use, not there any more, a page that is not secure: each with its own words, and a way on."""
    await page.open(site.link())
    for name, words in MICROPHONE_WORDS.items():
        refuse = f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', {name!r}))"
        await page.evaluate(f"void ({refuse})")
        await page.click("#talk-start")
        await page.until(f"document.getElementById('talk-notice').innerText.includes({words!r})")
        assert await page.evaluate("document.activeElement.textContent") == "Try again"
    assert site.media.heard.protocols == []


async def test_the_microphone_is_converted_without_aliases(site: TalkSite, page: Page) -> None:
    """SES-8: a 1 kHz tone keeps its level at 16 kHz; a 10 kHz tone, which 16 kHz cannot carry, is gone."""
    await page.open(f"{site.base_url}/talk/s1")
    for rate in (44_100, 48_000):
        assert 0.66 < await _level_after_conversion(page, 1_000, rate) < 0.74
        assert await _level_after_conversion(page, 10_000, rate) < 0.005


async def _level_after_conversion(page: Page, hertz: int, rate: int) -> float:
    """Loudness of a full-scale sine behind the capture worklet, rendered without a sound device."""
    script = f"""(async () => {{
        const context = new OfflineAudioContext(1, {rate}, {rate});
        await context.audioWorklet.addModule("/client/audio/worklet.js");
        const tone = new OscillatorNode(context, {{ frequency: {hertz} }});
        const capture = new AudioWorkletNode(context, "speko-capture", {{ processorOptions: {{ targetRate: 16000 }} }});
        const levels = [];
        const enough = new Promise((done) => {{
            capture.port.onmessage = ({{ data }}) => levels.push(data.level) === 40 && done();
        }});
        tone.connect(capture).connect(context.destination);
        tone.start();
        await context.startRendering();
        await enough;
        return levels[30];
    }})()"""
    return float(await page.evaluate(script))
