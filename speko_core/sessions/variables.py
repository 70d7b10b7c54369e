"""Variables of one session: what the caller gives, what the agent declares, what we know. Pure.

Texts are templates only where somebody means them to be: the caller sent `variables`, be it empty, or the agent
declares `promptVariables`. Everywhere else `{{` stays what was written.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from speko_core.agents.config import VARIABLE_NAME
from speko_core.agents.schemas import AgentRow
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.late import LateModule
from speko_core.schemas import wire_time

if TYPE_CHECKING:
    from speko_core.agents import templates
else:
    templates = LateModule("speko_core.agents.templates")

MAX_VARIABLES = 100
MAX_VALUE_CHARACTERS = 4_000


def check_given(given: dict[str, str]) -> dict[str, str]:
    """The caller's variables, if they may be given.

    Raises:
        ValueError: too many, a name that is none or is ours, a value that is too long; says which.
    """
    if len(given) > MAX_VARIABLES:
        raise ValueError(f"must be at most {MAX_VARIABLES}")
    for name, value in given.items():
        if name.partition(".")[0] == "system":
            raise ValueError(f"{name[:80]}: names that start with `system.` are ours to give")
        if not re.fullmatch(VARIABLE_NAME, name) or len(name) > 64:
            raise ValueError(f"{name[:80]}: must be a plain name of at most 64 characters")
        if len(value) > MAX_VALUE_CHARACTERS:
            raise ValueError(f"{name}: must be at most {MAX_VALUE_CHARACTERS} characters")
    return given


GivenVariables = Annotated[dict[str, str], AfterValidator(check_given)]


def system_variables(
    session_id: str, agent: AgentRow | None, language: str, environment: str | None, now: datetime
) -> dict[str, str]:
    """What every template may use without anybody giving it. Times are UTC."""
    return {
        "system.session_id": session_id,
        "system.agent_id": agent.id if agent else "",
        "system.agent_name": agent.name if agent else "",
        "system.agent_version": str(agent.version) if agent else "",
        "system.environment": environment or "",
        "system.language": language,
        "system.time": wire_time(now),
        "system.date": now.strftime("%Y-%m-%d"),
        "system.weekday": now.strftime("%A"),
    }


def fill(
    texts: Mapping[str, str], given: Mapping[str, str] | None, agent: AgentRow | None, system: Mapping[str, str]
) -> dict[str, str]:
    """The texts with variables filled in: the call's value, else the agent's default, else the `default` filter.

    Raises:
        InvalidInput: `MISSING_TEMPLATE_VARIABLES` naming all of them, or a template that does not compile.
    """
    declared = agent.prompt_variables if agent else []
    if given is None and not declared:
        return dict(texts)
    values = values_of(given, agent, system)
    filled, missing = {}, set[str]()
    for where, text in texts.items():
        filled[where], absent = _filled(where, text, values)
        missing |= absent
    if missing:
        raise _missing(sorted(missing))
    return filled


def values_of(given: Mapping[str, str] | None, agent: AgentRow | None, system: Mapping[str, str]) -> dict[str, str]:
    """Every value there is: the call's, else the agent's default, and ours."""
    declared = agent.prompt_variables if agent else []
    defaults = {item.name: item.default_value for item in declared if item.default_value is not None}
    return {**defaults, **(given or {}), **system}


def _filled(where: str, text: str, values: Mapping[str, str]) -> tuple[str, set[str]]:
    try:
        return templates.fill(text, values)
    except templates.TemplateProblem as problem:
        raise InvalidInput(f"{where} {problem}", fields=[FieldProblem(where, str(problem))]) from None


def _missing(names: list[str]) -> InvalidInput:
    return InvalidInput(
        f"Missing template variables: {', '.join(names)}",
        "MISSING_TEMPLATE_VARIABLES",
        fields=[FieldProblem(f"variables.{name}", "is required") for name in names],
        hint="Send them in `variables`, or give them defaults in the agent's promptVariables.",
    )
