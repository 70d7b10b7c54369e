"""Template variables of every platform as `{{name}}`. Nothing is evaluated: filters are taken off and reported."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from speko_core.migration.neutral import Agent, Variable
from speko_core.migration.source import Node
from speko_core.types import JsonValue

Style = Literal["double", "single"]
_DOUBLE = re.compile(r"\{\{([^{}]{1,300})\}\}")
_SINGLE = re.compile(r"(?<![{\w$])\{([A-Za-z_]\w{0,60})\}(?!\})")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]{0,63}$")
_SYSTEM = re.compile(
    r"^(now|date|time|month|day|year|customer(\.\w+)*|phoneNumber(\.\w+)*|call(\.\w+)*|transport(\.\w+)*|system__\w+|"
    r"current_(time|calendar|agent|hour|date)\w*|user_number|agent_number|direction|session_\w+|call_(id|type)|"
    r"prevNodePrompt|lastUserMessage|from|to|short_from|short_to|callID|telnyx_\w+|timezone|current_date|recipient_phone_number)$"
)
_LIMIT = 200
# What a platform knew by itself and every session here knows too.
_OURS = {
    "system__agent_id": "system.agent_id",
    "system__conversation_id": "system.session_id",
    "system__time_utc": "system.time",
}


@dataclass
class Rewritten:
    """A text with the variables it needs, and what was simplified."""

    text: str
    variables: list[Variable]
    changes: list[str]


def rewrite(text: str, style: Style = "double") -> Rewritten:
    """Bring the placeholders of a text into the product's form."""
    found: dict[str, Variable] = {}
    changes: list[str] = []

    def replace(match: "re.Match[str]") -> str:
        inner = match.group(1).strip()
        if inner in _OURS:
            return "{{" + _OURS[inner] + "}}"
        name = _plain_name(inner)
        if name is None or len(found) >= _LIMIT:
            changes.append("an expression is left as it is and will be read as text")
            return match.group(0)
        if name != inner:
            changes.append(f"a filter or a character was taken off the variable {name}")
        found.setdefault(name, Variable(name=name, system=bool(_SYSTEM.match(name))))
        return "{{" + name + "}}"

    pattern = _SINGLE if style == "single" and "{{" not in text else _DOUBLE
    return Rewritten(pattern.sub(replace, text), list(found.values()), sorted(set(changes))[:5])


def _plain_name(inner: str) -> str | None:
    head = inner.split("|", 1)[0].strip().strip("\"'").strip()
    head = head.removeprefix("initial_context.").removeprefix("gathered_context.").removeprefix("system.")
    head = re.sub(r"[^A-Za-z0-9_.]+", "_", head).strip("_.")[:64]
    return head if _NAME.match(head) else None


def take_template(agent: Agent, node: Node, target: str, style: Style = "double") -> str | None:
    """Read a text with placeholders: rewrites them, lists the variables on the agent, reports changes."""
    text = node.take_text(target)
    return None if text is None else adopt(agent, text, node.revise, style)


def adopt(agent: Agent, text: str, revise: Callable[[str], None], style: Style = "double") -> str:
    """Rewrite a text that was already read and list its variables on the agent."""
    rewritten = rewrite(text, style)
    for variable in rewritten.variables:
        add_variable(agent, variable)
    if rewritten.changes:
        revise("Placeholders changed: " + "; ".join(rewritten.changes) + ".")
    elif style == "single" and rewritten.variables:
        revise("Single-brace placeholders are written {{name}} here.")
    return rewritten.text


def add_variable(agent: Agent, variable: Variable) -> None:
    """List a variable once; a default that arrives later is kept."""
    for known in agent.variables:
        if known.name == variable.name:
            known.default = known.default if known.default is not None else variable.default
            known.description = known.description or variable.description
            return
    agent.variables.append(variable)


def take_defaults(agent: Agent, node: Node) -> None:
    """Read an object of variable defaults."""
    for name, item in node.fields():
        plain = _plain_name(name)
        if plain is None or isinstance(item.json, dict | list):
            item.mark("unsupported", "Only plain names with plain values are variables here.")
            continue
        value = item.json
        add_variable(agent, Variable(name=plain, default=_as_text(value), system=bool(_SYSTEM.match(plain))))
        item.mark(
            "mapped" if plain == name else "approximated", "" if plain == name else f"Named {plain} here.", "variables"
        )


def _as_text(value: JsonValue) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with the values of variables in it, for comparing; what has no value stays as it is written."""
    return _DOUBLE.sub(lambda match: values.get(match.group(1).strip(), match.group(0)), text)
