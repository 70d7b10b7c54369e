"""Takes the README's picture of the talk page from a real conversation.

python -m tests.e2e.talk_picture docs/images/talk.png
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import httpx

from tests.e2e.caller_speech import write_caller
from tests.e2e.cdp import browser_page
from tests.e2e.running_product import running_product

AGENT = {
    "name": "Receptionist",
    "systemPrompt": "You are the receptionist of Acme Dental.\n"
    "Our opening hours are nine to five, Monday to Friday.\n"
    "An appointment takes thirty minutes and can be booked for any weekday.",
    "intent": {"language": "en-US"},
    "firstMessage": "Acme Dental, how can I help you?",
    "firstMessageMode": "say",
}
SAID = ("what are your opening hours", "i would like to book an appointment")
# The greeting, and then the first answer, must be over before the caller speaks again.
PAUSES_S = (4.5, 13.0)
ANSWERS = "document.querySelectorAll('.line-user ~ .line-agent .latency').length"


async def take(target: Path) -> None:
    """Start the product, hold the conversation, save the picture."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        microphone = await asyncio.to_thread(write_caller, Path(folder) / "caller.wav", SAID, PAUSES_S, after_s=15.0)
        async with running_product(Path(folder)) as product:
            url = await _talk_url(product.base_url, product.links["test_key"])
            async with browser_page(Path(folder) / "profile", microphone) as page:
                await page.screen(1200, 790)
                await page.open(url)
                await page.click("#talk-start")
                await page.until(f"{ANSWERS} === {len(SAID)}", 50)
                await page.until("document.getElementById('talk').dataset.agent === 'listening'")
                await page.picture(target)


async def _talk_url(base_url: str, key: str) -> str:
    async with httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {key}"}) as rest:
        agent = (await rest.post("/v1/agents", json=AGENT)).raise_for_status().json()
        session = (await rest.post("/v1/sessions", json={"agentId": agent["id"]})).raise_for_status().json()
    return str(session["talkUrl"])


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]).absolute()))
