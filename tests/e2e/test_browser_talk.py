"""A newcomer in a browser: sign in, pick an agent, speak, read and hear the answer, find it again."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.e2e.caller_speech import write_caller
from tests.e2e.cdp import Page, browser_page, chromium_path
from tests.e2e.running_product import Product

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium on PATH"),
]

SPOKEN = "what are your opening hours"
# The agent greets first; the caller waits, as people do.
LEADING_SILENCE_S = 4.0
HEARD = "[...document.querySelectorAll('.line-user .said')].map((said) => said.textContent.toLowerCase())"
ANSWER = "document.querySelector('.line-user ~ .line-agent')"
ENDED = "document.getElementById('talk').dataset.phase === 'ended'"


async def test_a_newcomer_talks_to_an_agent_in_the_browser(product: Product, tmp_path: Path) -> None:
    """SES-8: spoken words appear as text, the agent answers, and the answer's latency is on the page."""
    microphone = await asyncio.to_thread(
        write_caller, tmp_path / "caller.wav", [SPOKEN], [LEADING_SILENCE_S], after_s=10.0
    )
    _, link, _ = await product.command("sign-in-link", "--json")
    async with browser_page(tmp_path / "profile", microphone) as page:
        await page.open(json.loads(link)["url"])
        await page.click("form button")
        await page.until("location.pathname === '/'")
        await talk(page, product.base_url, "cascade")
        await page.until(f"{ANSWER}.querySelector('.latency') !== null", 20)
        answer = await page.evaluate(f"{ANSWER}.innerText")
        for stage in ("Answered in", "VAD", "STT", "LLM", "TTS"):
            assert stage in answer
        await page.click("#talk-hang-up")
        await page.until(ENDED)
        await newest_session(page, product.base_url)
        # Turns come in batches, the recording last; the page shows both without being loaded again.
        await page.until(
            "document.querySelector('.turns .bar') !== null && document.querySelector('audio') !== null", 30
        )
        assert "opening hours" in (await page.text(".turns")).lower()
        await talk(page, product.base_url, "s2s")
        await page.click("#talk-hang-up")
        await page.until(ENDED)
        assert page.problems == []


async def talk(page: Page, base_url: str, mode: str) -> None:
    """Start from the form, speak, and wait until the agent has answered in words."""
    await page.open(f"{base_url}/talk")
    await page.evaluate("document.evaluate(\"//label[.//strong='Default']\", document).iterateNext().click()")
    await page.click(f"input[value={mode}]")
    await page.click("form.card button")
    await page.until("location.pathname.startsWith('/talk/')")
    await page.click("#talk-start")
    await page.until(f"{HEARD}.some((said) => said.includes('opening hours'))", 40)
    await page.until(f"{ANSWER} !== null", 20)


async def newest_session(page: Page, base_url: str) -> None:
    """Its page, from the list."""
    await page.open(f"{base_url}/sessions")
    await page.click("tbody a")
    await page.until("location.pathname.startsWith('/sessions/')")
