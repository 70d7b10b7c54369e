"""Reading what one-shot callers send, into typed models with the documented 400s."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from speko_core.errors import FieldProblem, InvalidInput
from speko_core.types import JsonObject
from speko_core.validation import field_problems

M = TypeVar("M", bound=BaseModel)


def parse_json(model: type[M], raw: bytes | str, where: str = "") -> M:
    """Validate JSON text. `where` names the header it came in, and is put before each field.

    Raises:
        InvalidInput: not JSON, or one entry for each wrong field.
    """
    try:
        return model.model_validate_json(raw or b"null")
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_url=False, include_input=False)):
            raise InvalidInput(f"Invalid request: {where or 'the body'} is not valid JSON") from None
        raise _refusal(error, where) from None


def parse_object(model: type[M], fields: JsonObject, where: str = "") -> M:
    """Validate what has been read already, as `parse_json`.

    Raises:
        InvalidInput: one entry for each wrong field.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _refusal(error, where) from None


def _refusal(error: ValidationError, where: str) -> InvalidInput:
    problems = [_placed(problem, where) for problem in field_problems(error)]
    named = "; ".join(
        f"{problem.field}: {problem.problem}" if problem.field else problem.problem for problem in problems
    )
    return InvalidInput(f"Invalid request: {named}", fields=problems)


def _placed(problem: FieldProblem, where: str) -> FieldProblem:
    field = ".".join(part for part in (where, problem.field) if part)
    return FieldProblem(field or "body", problem.problem)
