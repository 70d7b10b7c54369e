"""Whether a tool that was built is one the API takes: the checks of registration, before anything is sent."""

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError

from speko_core.late import LateModule
from speko_core.outbound.urls import url_problem
from speko_core.tools.builtins import config_problems
from speko_core.tools.schemas import ToolCreate
from speko_core.tools.sources import BuiltinSource, WebhookSource
from speko_core.types import JsonObject
from speko_core.validation import field_problems

if TYPE_CHECKING:
    from speko_core.tools import parameters
else:
    # JSON Schema and its patterns: ten megabytes that only checks of tools need.
    parameters = LateModule("speko_core.tools.parameters")

_URL_ARGUMENT = re.compile(r"\{{1,2}\s*[A-Za-z_]\w*\s*\}{1,2}")


def tool_problem(body: JsonObject, *, insecure_urls: bool = False) -> str | None:
    """Why `POST /v1/agents/{id}/tools` would refuse this body, as a sentence; None where it takes it."""
    try:
        taken = ToolCreate.model_validate({**body, "id": "agent"})
    except ValidationError as error:
        return "; ".join(f"{problem.field} {problem.problem}" for problem in field_problems(error)[:3]) + "."
    problem = parameters.schema_problem(taken.parameters)
    if problem is not None:
        return f"Its parameters {problem}."
    if isinstance(taken.source, BuiltinSource):
        problems = config_problems(taken.source.name, taken.source.config)
        return f"{problems[0].field} {problems[0].problem}." if problems else None
    return _webhook_problem(taken.source, insecure_urls) if isinstance(taken.source, WebhookSource) else None


def address_problem(url: str, *, insecure_urls: bool = False) -> str | None:
    """What is wrong with the address of a tool's server, as the end of a sentence. The path may have placeholders."""
    if "{" in url.partition("://")[2].partition("/")[0]:
        return "must not have a placeholder in its host"
    return url_problem(_URL_ARGUMENT.sub("x", url), allow_insecure=insecure_urls)


def _webhook_problem(source: WebhookSource, insecure_urls: bool) -> str | None:
    problem = address_problem(source.url, insecure_urls=insecure_urls)
    if problem is not None:
        return f"Its address {problem}."
    hidden = [header.name for header in source.auth_headers or ()]
    names = [name.lower() for name in (*hidden, *(source.headers or {}))]
    if len(set(names)) < len(names):
        return "One of its headers is given twice."
    return None
