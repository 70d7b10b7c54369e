"""A newcomer in a browser: sign in, pick an agent, speak, read and hear the answer, find it again."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.caller_speech import write_caller
from tests.e2e.cdp import browser_page, chromium_path
from tests.e2e.running_product import running_product

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium on PATH"),
]

SPOKEN = "what are your opening hours"
# The agent greets first; the caller waits, as people do.
LEADING_SILENCE_S = 4.0
HEARD = "[...document.querySelectorAll('.line-user .said')].map((said) => said.textContent.toLowerCase())"
BAR = 'class="bar"'
ANSWER = "document.querySelector('.line-user ~ .line-agent')"


async def test_a_newcomer_talks_to_an_agent_in_the_browser(tmp_path: Path) -> None:
    """SES-8: spoken words appear as text, the agent answers, and the answer's latency is on the page."""
    microphone = await asyncio.to_thread(
        write_caller, tmp_path / "caller.wav", [SPOKEN], [LEADING_SILENCE_S], after_s=10.0
    )
    async with running_product(tmp_path) as product, browser_page(tmp_path / "profile", microphone) as page:
        await page.open(product.links["sign_in"])
        await page.click("form button")
        await page.until("location.pathname === '/'")
        await page.open(f"{product.base_url}/talk")
        await page.click("form.card button")
        await page.until("location.pathname.startsWith('/talk/')")
        await page.click("#talk-start")
        await page.until(f"{HEARD}.some((said) => said.includes('opening hours'))", 40)
        await page.until(f"{ANSWER} !== null && {ANSWER}.querySelector('.latency') !== null", 20)
        answer = await page.evaluate(f"{ANSWER}.innerText")
        for stage in ("Answered in", "VAD", "STT", "LLM", "TTS"):
            assert stage in answer
        await page.click("#talk-hang-up")
        await page.until("document.getElementById('talk').dataset.phase === 'ended'")
        await page.open(f"{product.base_url}/sessions")
        await page.click("tbody a")
        await page.until("location.pathname.startsWith('/sessions/')")
        # The worker posts turns in batches; the last one may come after the page was drawn.
        await page.until(f"fetch(location.href).then((page) => page.text()).then((text) => text.includes('{BAR}'))")
        await page.open(await page.evaluate("location.href"))
        assert "opening hours" in (await page.text(".turns")).lower()
        assert page.problems == []
