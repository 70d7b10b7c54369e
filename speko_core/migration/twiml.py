"""ConversationRelay verbs in XML or in a program that writes XML, as documents. No XML parser: nothing is expanded."""

import re

from speko_core.types import JsonObject, JsonValue

_VERB = re.compile(r"<ConversationRelay\b([^<>]{0,8000})", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([A-Za-z][\w-]{0,60})\s*=\s*(?:"([^"]{0,4000})"|'([^']{0,4000})'|\{([^{}]{0,400})\})""")
_CHILD = re.compile(r"<(Language|Parameter)\b([^<>]{0,2000})/?>")


def twiml_documents(text: str) -> list[tuple[JsonObject, int]]:
    """Every ConversationRelay of a text with the line it stands on."""
    found: list[tuple[JsonObject, int]] = []
    for verb in list(_VERB.finditer(text))[:20]:
        end = text.find("</ConversationRelay", verb.end())
        inside = text[verb.end() : end] if 0 <= end - verb.end() < 20_000 else ""
        children: dict[str, list[JsonValue]] = {"Language": [], "Parameter": []}
        for child in _CHILD.finditer(inside):
            children[child.group(1)].append(_attributes(child.group(2)))
        document: JsonObject = {"verb": "ConversationRelay", "attributes": _attributes(verb.group(1))}
        if children["Language"]:
            document["languages"] = children["Language"]
        if children["Parameter"]:
            document["parameters"] = children["Parameter"]
        found.append((document, text.count("\n", 0, verb.start()) + 1))
    return found


def _attributes(text: str) -> JsonObject:
    made: JsonObject = {}
    for match in _ATTRIBUTE.finditer(text):
        value = match.group(2) if match.group(2) is not None else match.group(3)
        made[match.group(1)] = value if value is not None else "{{" + re.sub(r"\W+", "_", match.group(4)) + "}}"
    return made
