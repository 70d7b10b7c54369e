"""The few instructions of a prompt that `sandbox-1` follows: who it is, set phrases, forbidden topics."""

import re

from speko_core.providers.sandbox.script import without_script
from speko_core.providers.sandbox.words import tokens

MARKER = "Sandbox mode."

_IDENTITY = re.compile(r"\byou are ((?:an? |the )?[^.\n]{2,120})", re.IGNORECASE)
_NAME = re.compile(r"\byour name is ([^.,\n]{1,60})", re.IGNORECASE)
_QUOTE = r"[^.\n\"“]{0,60}[\"“]([^\"”\n]{1,300})[\"”]"
_GREETING = re.compile(r"\b(?:greet|greeting|open|start|begin|answer the (?:phone|call))\b" + _QUOTE, re.IGNORECASE)
_FAREWELL = re.compile(r"\b(?:goodbye|farewell|close|finish|hang up|end the call)\b" + _QUOTE, re.IGNORECASE)
_FORBIDDEN = re.compile(
    r"\b(?:never|do not|don't) (?:discuss|talk about|mention|speak about|give|answer questions about) ([^.\n]+)",
    re.IGNORECASE,
)
_SILENT = re.compile(r"\b(?:never|do not|don't) (?:say|mention|announce)[^.\n]*\bsandbox\b", re.IGNORECASE)


def identity(prompt: str) -> str | None:
    """ "I am …", from "You are …" or "Your name is …"."""
    text = without_script(prompt)
    name, role = _NAME.search(text), _IDENTITY.search(text)
    if name is not None:
        return f"My name is {name.group(1).strip()}."
    return f"I am {role.group(1).strip()}." if role else None


def greeting(prompt: str) -> str | None:
    """The quoted words the prompt wants callers greeted with."""
    return _quoted(_GREETING, prompt)


def farewell(prompt: str) -> str | None:
    """The quoted words the prompt wants at the end."""
    return _quoted(_FAREWELL, prompt)


def is_forbidden(prompt: str, text: str) -> bool:
    """True when the sentence touches a topic the prompt rules out."""
    said = set(tokens(text))
    topics = [set(tokens(match)) for match in _FORBIDDEN.findall(without_script(prompt))]
    return any(said & (words - {"sandbox", "mode"}) for words in topics)


def announces(prompt: str) -> bool:
    """False when the prompt asks not to mention sandbox mode."""
    return _SILENT.search(prompt) is None


def _quoted(pattern: re.Pattern[str], prompt: str) -> str | None:
    match = pattern.search(without_script(prompt))
    return match.group(1).strip() if match else None
