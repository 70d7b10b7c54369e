"""Language names and tags of every platform as `en` or `en-US`."""

import re

from speko_core.migration.neutral import Agent
from speko_core.migration.source import Node

_NAMES = {
    "english": "en", "spanish": "es", "french": "fr", "german": "de", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "hindi": "hi", "japanese": "ja", "chinese": "zh", "korean": "ko", "russian": "ru", "polish": "pl",
    "turkish": "tr", "arabic": "ar", "swedish": "sv", "ukrainian": "uk", "english-us": "en-US", "english-uk": "en-GB",
}  # fmt: skip
_REGIONS = {"419": "MX", "latin": "MX"}
_MULTI = frozenset({"multi", "multilingual", "auto", "any", "detect", "babel", "mixed"})
DEFAULT = "en-US"
MULTI_REASON = "One agent speaks one language here; the first one is taken."


def tag(text: str | None) -> str | None:
    """The tag, or None for what is not one language."""
    folded = (text or "").strip().replace("_", "-")
    if not folded or folded.lower() in _MULTI:
        return None
    if folded.lower() in _NAMES:
        return _NAMES[folded.lower()]
    parts = folded.split("-")
    if parts[0].lower() in _MULTI and len(parts) > 1:
        parts = parts[1:]
    if not re.fullmatch(r"[A-Za-z]{2}", parts[0]):
        return None
    region = next((part for part in parts[1:] if re.fullmatch(r"[A-Za-z]{2}", part)), None)
    region = region or next((_REGIONS[part.lower()] for part in parts[1:] if part.lower() in _REGIONS), None)
    return parts[0].lower() + (f"-{region.upper()}" if region else "")


def take_language(agent: Agent, node: Node) -> None:
    """Read a language or a list of them into the agent; the first tag that is one language wins."""
    if not node or node.json in (None, "", []):
        return
    items = node.items() or [node]
    for item in items:
        found = tag(item.text)
        if found is None:
            item.approximated("Not one language; the agent keeps its first, or English.", "language.primary")
        elif agent.language.primary is None:
            agent.language.primary = found
            exact = found.lower() == (item.text or "").lower()
            item.mark(
                "mapped" if exact else "approximated", "" if exact else f"Written {found} here.", "language.primary"
            )
        elif found == agent.language.primary or found.partition("-")[0] == agent.language.primary:
            agent.language.primary = max(found, agent.language.primary, key=len)
            item.mark("mapped", "", "language.primary")
        else:
            agent.language.others.append(found)
            item.mark("approximated", "", "language.others")
