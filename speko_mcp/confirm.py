"""Asking the person before anything that deletes or spends.

Where the client can put a question to the person, the question is part of the call. Elsewhere the first call is
answered with a confirmation token: it is signed, ends after ten minutes, and fits this caller and these arguments only.
Either way the confirmed call runs once, because the confirmation is its idempotency key.
"""

import hashlib
import json
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass

import mcp_types
from fastmcp.server.dependencies import get_context
from fastmcp.tools import ToolResult
from fastmcp.tools.base import InputRequiredToolResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from speko_core.deps import Deps
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.operations import AnyOperation
from speko_core.principal import Principal
from speko_core.types import JsonObject
from speko_mcp import errors

FIELD = "confirmationToken"
PARAMETER: JsonObject = {"type": "string", "description": "From the CONFIRMATION_REQUIRED answer, once confirmed."}
TTL_S = 600
_PURPOSE = "mcp-confirmation"
_QUESTION = "confirm"


@dataclass(frozen=True)
class Confirmed:
    """The call may run; `once` makes a repeated confirmation answer what it answered first."""

    once: str | None = None


def is_needed(operation: AnyOperation, principal: Principal) -> bool:
    """Deletions always, spending unless the key is a test key, which is never billed."""
    return operation.effect == "destroy" or (operation.effect == "spend" and principal.mode == "live")


def check(
    operation: AnyOperation, fields: dict[str, object], principal: Principal, deps: Deps
) -> Confirmed | ToolResult:
    """Let a confirmed call through, or answer with what has to happen first. Takes the token out of `fields`.

    Raises:
        InvalidInput: the confirmation token does not fit.
    """
    token = fields.pop(FIELD, None)
    if not is_needed(operation, principal):
        return Confirmed()
    subject = _subject(operation, fields, principal)
    if token is not None:
        return _redeemed(str(token), subject, deps)
    if _client_can_ask():
        return _asked(operation, fields, subject)
    return _token_answer(operation, fields, _mint(subject, deps))


def _subject(operation: AnyOperation, fields: Mapping[str, object], principal: Principal) -> str:
    named = json.dumps([principal.kind, principal.id, operation.id, fields], sort_keys=True, default=str)
    return hashlib.sha256(named.encode()).hexdigest()


def _mint(subject: str, deps: Deps) -> str:
    claims = f"{int(deps.clock.now().timestamp()) + TTL_S}.{random.token_hex(8)}"
    return f"{claims}.{deps.secrets.sign(f'{claims}.{subject}'.encode(), purpose=_PURPOSE)}"


def _redeemed(token: str, subject: str, deps: Deps) -> Confirmed:
    claims, _, signature = token.rpartition(".")
    expires = claims.partition(".")[0]
    signed = deps.secrets.verify(f"{claims}.{subject}".encode(), signature, purpose=_PURPOSE)
    if not signed or int(expires) < deps.clock.now().timestamp():
        problem = FieldProblem(FIELD, "is expired or belongs to another request; call without it to get a new one")
        raise InvalidInput(f"{FIELD} {problem.problem}", fields=[problem])
    return Confirmed(f"confirmed-{claims}")


def _client_can_ask() -> bool:
    request = get_context().request_context
    if request is None or request.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return False
    capabilities = request.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    # An empty capability means forms: they came first.
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _asked(operation: AnyOperation, fields: Mapping[str, object], subject: str) -> Confirmed | ToolResult:
    context = get_context()
    state, responses = context.request_state or "", context.input_responses or {}
    answer = responses.get(_QUESTION)
    nonce, _, asked_about = state.partition(".")
    if answer is None or asked_about != subject:
        return _question(operation, fields, f"{random.token_hex(8)}.{subject}")
    if _agreed(answer):
        return Confirmed(f"confirmed-{nonce}")
    message = "The person did not agree, so nothing was done."
    details: JsonObject = {"code": "DECLINED", "message": message, "retryable": False}
    return errors.failure(_name(operation), {**details, "hint": "Do not ask again unless the person brings it up."})


def _agreed(answer: mcp_types.InputResponse) -> bool:
    if not isinstance(answer, mcp_types.ElicitResult) or answer.action != "accept":
        return False
    return (answer.content or {}).get(_QUESTION, True) is True


def _question(operation: AnyOperation, fields: Mapping[str, object], state: str) -> ToolResult:
    form = mcp_types.ElicitRequestFormParams(
        message=f"{_sentence(operation, fields)} Allow it?",
        requested_schema={
            "type": "object",
            "properties": {_QUESTION: {"type": "boolean", "title": "Allow", "default": True}},
            "required": [_QUESTION],
        },
    )
    request = mcp_types.ElicitRequest(params=form)
    return InputRequiredToolResult(
        mcp_types.InputRequiredResult(input_requests={_QUESTION: request}, request_state=state)
    )


def _token_answer(operation: AnyOperation, fields: Mapping[str, object], token: str) -> ToolResult:
    details: JsonObject = {
        "code": "CONFIRMATION_REQUIRED",
        "message": f"{_sentence(operation, fields)} Nothing was done yet.",
        "retryable": True,
        "hint": f"Ask the person. When they agree, call {_name(operation)} again with the same arguments and "
        f"{FIELD}={token} within {TTL_S // 60} minutes.",
        "next_tool": _name(operation),
        FIELD: token,
    }
    return errors.failure(_name(operation), details)


def _sentence(operation: AnyOperation, fields: Mapping[str, object]) -> str:
    effect = "deletes or revokes" if operation.effect == "destroy" else "spends credits"
    return f"{operation.summary} ({fields.get('id', 'see the arguments')}): this {effect}."


def _name(operation: AnyOperation) -> str:
    return operation.tool.name if operation.tool else operation.id
