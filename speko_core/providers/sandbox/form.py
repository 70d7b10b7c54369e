"""Fill a tool's parameters over several turns.

There is no state on the server: the form is rebuilt by replaying what the caller said since the last tool call.
"""

from dataclasses import dataclass, field, replace

from speko_core.providers.base import Tool
from speko_core.providers.sandbox.actions import Action, CallTool, Say
from speko_core.providers.sandbox.extraction import Heard, extract, extract_all
from speko_core.providers.sandbox.schema import Field, fields_of, is_complete
from speko_core.providers.sandbox.selection import is_mutating
from speko_core.providers.sandbox.text import joined, said_value, yes_or_no
from speko_core.providers.sandbox.words import raw_words, spaced
from speko_core.types import JsonObject

MAX_MISSES = 2
_QUESTION_WORDS = frozenset({"what", "when", "where", "who", "why", "how", "which", "are", "do", "does", "can", "is"})
_ABANDON = ("never mind", "forget it", "cancel that", "stop that", "leave it", "start over")


@dataclass(frozen=True)
class Form:
    """A tool call in the making: the values so far, and the field or the consent it waits for."""

    tool: Tool
    args: JsonObject = field(default_factory=dict)
    asked: str | None = None
    confirming: bool = False
    confirm: bool = True
    misses: int = 0


@dataclass(frozen=True)
class Step:
    """The form after a sentence (None: closed) and what to do about it; no action means it was not an answer."""

    form: Form | None
    action: Action | None


def open_form(tool: Tool, heard: Heard, *, confirm: bool) -> Step:
    """Start from what the first sentence already says."""
    form = Form(tool, extract_all(fields_of(tool), heard), confirm=confirm and is_mutating(tool))
    return _proceed(form)


def answer(form: Form, heard: Heard) -> Step:
    """Take the caller's next sentence as an answer to the form's question."""
    spoken = " ".join(raw_words(heard.text))
    if any(phrase in spoken for phrase in _ABANDON):
        return Step(None, Say("All right, I have left that. What else can I do?"))
    return _confirmed(form, heard) if form.confirming else _filled(form, heard)


def question_of(form: Form) -> str:
    """What the form is waiting for."""
    if form.confirming:
        return _read_back(form)
    asked = _field(form, form.asked)
    return asked.question if asked else ""


def _filled(form: Form, heard: Heard) -> Step:
    asked = _field(form, form.asked)
    value = extract(asked, heard, asked=True) if asked and not _asks_back(asked, heard) else None
    if asked is None or value is None:
        return _missed(form)
    missing = tuple(entry for entry in fields_of(form.tool) if entry.name not in form.args and entry is not asked)
    others = {name: found for name, found in extract_all(missing, heard).items() if found != value}
    return _proceed(replace(form, args={**form.args, **others, asked.name: value}, asked=None, misses=0))


def _asks_back(asked: Field, heard: Heard) -> bool:
    """True for a question of the caller's: it is no name and no address, but may be the very text asked for."""
    wants_question = any(word in asked.label for word in ("question", "query", "message", "text"))
    return heard.words[:1] != () and heard.words[0] in _QUESTION_WORDS and not wants_question


def _confirmed(form: Form, heard: Heard) -> Step:
    consent = yes_or_no(heard.text)
    if consent:
        return Step(None, CallTool(form.tool.name, form.args))
    said = extract_all(fields_of(form.tool), heard)
    corrected = {name: value for name, value in said.items() if form.args.get(name) != value}
    if corrected:
        return _proceed(replace(form, args={**form.args, **corrected}, confirming=False))
    if consent is False:
        return Step(None, Say("All right, I will not. What else can I do?"))
    return _missed(form)


def _missed(form: Form) -> Step:
    if form.misses >= MAX_MISSES:
        return Step(None, Say("Let us leave that for now. What else can I do?"))
    return Step(replace(form, misses=form.misses + 1), None)


def _proceed(form: Form) -> Step:
    """Ask for the next missing field, then for consent, then call."""
    for entry in fields_of(form.tool):
        if not entry.required or entry.name in form.args:
            continue
        if entry.kind is None:
            return _cannot_fill(form, entry.label)
        asking = replace(form, asked=entry.name)
        return Step(asking, Say(question_of(asking)))
    if not is_complete(form.tool, form.args):
        return _cannot_fill(form, "its parameters")
    if form.confirm:
        confirming = replace(form, confirming=True, asked=None)
        return Step(confirming, Say(question_of(confirming)))
    return Step(None, CallTool(form.tool.name, form.args))


def _cannot_fill(form: Form, label: str) -> Step:
    return Step(None, Say(f"I cannot {spaced(form.tool.name)} here: I do not know how to fill in {label}."))


def _read_back(form: Form) -> str:
    """The values in the order of the schema, then the question."""
    details = [
        f"{entry.label} {said_value(form.args[entry.name])}"
        for entry in fields_of(form.tool)
        if entry.name in form.args
    ]
    question = f"Shall I {spaced(form.tool.name)}?"
    return f"I have {joined(details)}. {question}" if details else question


def _field(form: Form, name: str | None) -> Field | None:
    return next((entry for entry in fields_of(form.tool) if entry.name == name), None)
