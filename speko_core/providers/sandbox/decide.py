"""The decision of one turn: a pure function from a request to an action.

In order: a judge's prompt, the script, magic sentences, tool results, the open form, a tool, facts, small talk.
"""

from speko_core.providers.base import Tool
from speko_core.providers.sandbox import form as forms
from speko_core.providers.sandbox.actions import Action, Fail, Say
from speko_core.providers.sandbox.conversation import Conversation
from speko_core.providers.sandbox.extraction import Heard
from speko_core.providers.sandbox.form import Form
from speko_core.providers.sandbox.judge import REFUSAL, asks_for_judgement
from speko_core.providers.sandbox.knowledge import best_fact
from speko_core.providers.sandbox.magic import magic_action
from speko_core.providers.sandbox.notes import Note, note_for, take_note, wants_cancellation
from speko_core.providers.sandbox.persona import MARKER, announces, is_forbidden
from speko_core.providers.sandbox.results import say_result
from speko_core.providers.sandbox.script import Script, read_script
from speko_core.providers.sandbox.selection import choose_tool, is_mutating
from speko_core.providers.sandbox.small_talk import fallback, is_goodbye, opening, reply, wants_person
from speko_core.providers.sandbox.text import joined
from speko_core.providers.sandbox.words import STRONG_VERBS, name_tokens, spaced

Pending = Form | Note | None


def decide(conversation: Conversation) -> Action:
    """What `sandbox-1` does next."""
    if asks_for_judgement(conversation.prompt):
        return Say(REFUSAL)
    script = read_script(conversation.prompt)
    if isinstance(script, Fail):
        return script
    return _scripted(script, conversation) or _announced(_by_rules(conversation), conversation)


def _scripted(script: Script | None, conversation: Conversation) -> Action | None:
    """Only the caller's sentences are scripted; a tool's result is told by rule."""
    if script is None or conversation.tool_results or not conversation.all_user_texts:
        return None
    return script.action(conversation.all_user_texts)


def _by_rules(conversation: Conversation) -> Action:
    if conversation.tool_results:
        return Say(_tell_results(conversation))
    if not conversation.user_texts:
        return Say(opening(conversation))
    return magic_action(conversation.user_texts[-1]) or _replay(conversation)


def _replay(conversation: Conversation) -> Action:
    """Rebuild the open form from what was said so far, then answer the last sentence."""
    pending: Pending = None
    action: Action = Say(opening(conversation))
    for text in conversation.user_texts:
        pending, action = _turn(conversation, pending, text)
    return action


def _turn(conversation: Conversation, pending: Pending, text: str) -> tuple[Pending, Action]:
    heard = Heard(text, conversation.today)
    pending, action = _continue(conversation, pending, heard) if pending else _open(conversation, heard)
    if action is not None:
        return pending, action
    answer = _answer(conversation, text, pending)
    return pending, Say(f"{answer} {_question(pending)}" if pending else answer)


def _continue(conversation: Conversation, pending: Form | Note, heard: Heard) -> tuple[Pending, Action | None]:
    """An answer to what was asked, unless the caller clearly turns to something else."""
    if is_goodbye(heard.text) or _turns_away(conversation, pending, heard):
        return _open(conversation, heard)
    if isinstance(pending, Note):
        return take_note(pending, heard)
    step = forms.answer(pending, heard)
    return step.form, step.action


def _question(pending: Form | Note) -> str:
    return pending.question if isinstance(pending, Note) else forms.question_of(pending)


def _turns_away(conversation: Conversation, pending: Form | Note, heard: Heard) -> bool:
    chosen = choose_tool(heard.text, conversation.tools).tools
    if isinstance(pending, Note):
        return bool(chosen) or note_for(heard.text) is not None or wants_cancellation(heard.text)
    return len(chosen) == 1 and chosen[0].name != pending.tool.name and bool(_deeds(chosen[0]) & _deeds(heard))


def _deeds(source: Tool | Heard) -> set[str]:
    said = source.name if isinstance(source, Tool) else " ".join(source.words)
    return set(name_tokens(said)) & STRONG_VERBS


def _open(conversation: Conversation, heard: Heard) -> tuple[Pending, Action | None]:
    forced = conversation.forced_tool
    if forced is not None:
        return _open_form(forced, heard, confirm=False)
    special = _special_tool(conversation, heard.text)
    if special is not None:
        return _open_form(special, heard, confirm=False)
    if is_forbidden(conversation.prompt, heard.text):
        return None, Say("I am not able to talk about that. Is there anything else?")
    chosen = choose_tool(heard.text, conversation.tools).tools
    if len(chosen) > 1:
        names = joined([spaced(tool.name) for tool in chosen], "or")
        return None, Say(f"Did you mean {names}?")
    if chosen:
        return _open_form(chosen[0], heard, confirm=True)
    return _open_note(conversation, heard)


def _open_form(tool: Tool, heard: Heard, *, confirm: bool) -> tuple[Pending, Action | None]:
    step = forms.open_form(tool, heard, confirm=confirm)
    return step.form, step.action


def _special_tool(conversation: Conversation, text: str) -> Tool | None:
    """The tool that hangs up or transfers, when that is what the caller wants."""
    wanted = "transfer" if wants_person(text) else "end" if is_goodbye(text) else None
    matching = [tool for tool in conversation.tools if wanted in name_tokens(tool.name)]
    return matching[0] if len(matching) == 1 else None


def _open_note(conversation: Conversation, heard: Heard) -> tuple[Pending, Action | None]:
    note = note_for(heard.text)
    if note is None or best_fact(conversation.prompt, heard.text) is not None:
        return None, None
    taken, action = take_note(note, heard)
    return taken, action or Say(note.question)


def _answer(conversation: Conversation, text: str, pending: Pending) -> str:
    fact = best_fact(conversation.prompt, text)
    if fact is not None:
        return fact
    if pending is not None:
        return "Sorry, I did not understand that."
    return reply(conversation, text) or fallback(conversation)


def _tell_results(conversation: Conversation) -> str:
    told = []
    for result in conversation.tool_results:
        tool = conversation.tool(conversation.tool_name_of(result) or "")
        told.append(say_result(result, mutating=tool is not None and is_mutating(tool)))
    return " ".join(told)


def _announced(action: Action, conversation: Conversation) -> Action:
    """Say once, with the first words of the call, that this is the sandbox."""
    if not isinstance(action, Say) or not announces(conversation.prompt):
        return action
    if any(MARKER in text for text in conversation.agent_texts):
        return action
    return Say(f"{MARKER} {action.text}", action.delay_ms)
