"""Magic sentences, like a payment provider's test cards: they drive failover and slowness from end to end."""

import re

from speko_core.providers.base import FailureKind
from speko_core.providers.sandbox.actions import Action, Fail, Say

MAX_DELAY_MS = 30_000

_ERROR = re.compile(r"\bsandbox error (429|500|timeout)\b")
_SLOW = re.compile(r"\bsandbox slow (\d{1,6})\b")


def fail_as(name: str) -> Fail:
    """The provider failure called `429`, `500` or `timeout`."""
    if name == "429":
        return Fail(FailureKind.RATE, "asked for by a sandbox sentence", 429)
    if name == "500":
        return Fail(FailureKind.UPSTREAM, "asked for by a sandbox sentence", 500)
    return Fail(FailureKind.TIMEOUT, "asked for by a sandbox sentence")


def magic_action(text: str) -> Action | None:
    """What a magic sentence asks for, or None."""
    spoken = " ".join(text.lower().split())
    if (error := _ERROR.search(spoken)) is not None:
        return fail_as(error.group(1))
    if (slow := _SLOW.search(spoken)) is not None:
        delay_ms = min(int(slow.group(1)), MAX_DELAY_MS)
        return Say(f"That took {delay_ms} milliseconds, as you asked.", delay_ms)
    return None
