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
SAID = "[...document.querySelectorAll('.line-{} .said')].map((said) => said.textContent.toLowerCase())"


async def test_a_newcomer_talks_to_an_agent_in_the_browser(tmp_path: Path) -> None:
    """SES-8: spoken words appear as text, the agent answers, and the answer's latency is on the page."""
    microphone = await asyncio.to_thread(
        write_caller, tmp_path / "caller.wav", SPOKEN, before_s=LEADING_SILENCE_S, after_s=10.0
    )
    async with running_product(tmp_path) as product, browser_page(tmp_path / "profile", microphone) as page:
        await page.open(product.links["sign_in"])
        await page.click("form button")
        await page.until("location.pathname === '/'")
        await page.open(f"{product.base_url}/talk")
        await page.click("form.card button")
        await page.until("location.pathname.startsWith('/talk/')")
        await page.click("#talk-start")
        await page.until(f"{SAID.format('user')}.some((said) => said.includes('opening hours'))", 40)
        await page.until(
            "document.querySelector('.line-agent ~ .line-agent .latency, .line-user ~ .line-agent .latency')", 20
        )
        await page.click("#talk-hang-up")
        await page.until("document.getElementById('talk').dataset.phase === 'ended'")
        await page.open(f"{product.base_url}/sessions")
        await page.click("tbody a")
        await page.until("document.querySelectorAll('svg.bar').length > 0")
        assert "opening hours" in (await page.text(".turns")).lower()
        assert page.problems == []
