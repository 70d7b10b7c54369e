"""Validation problems in our words: the field as the caller wrote it, and what is allowed there."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ValidationError

from speko_core.errors import FieldProblem

_TEXTS = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be an array",
    "tuple_type": "must be an array",
}


def _text(kind: str, context: Mapping[str, object], message: str) -> str:
    if kind in _TEXTS:
        return _TEXTS[kind]
    limits = {
        "greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt",
    }  # fmt: skip
    if kind in limits:
        return message.replace("Input should be", "must be")
    if kind in ("literal_error", "enum"):
        return f"must be one of {context.get('expected')}"
    return message.removeprefix("Value error, ").replace("Input should", "must").replace("String should", "must")


def field_problems(error: ValidationError) -> tuple[FieldProblem, ...]:
    """One problem per wrong field, without the offending input and without pydantic's addresses."""
    problems = []
    for item in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in item["loc"])
        problems.append(FieldProblem(where, _text(item["type"], item.get("ctx", {}), item["msg"])))
    return tuple(problems)


def nul_fields(raw: object, where: str = "") -> Iterator[FieldProblem]:
    """Every string that holds the character U+0000, which PostgreSQL cannot store, however deep it lies."""
    if isinstance(raw, str):
        if "\0" in raw:
            yield FieldProblem(where, "must not contain the character U+0000")
    elif isinstance(raw, Mapping):
        for name, value in raw.items():
            yield from nul_fields(name, where)
            yield from nul_fields(value, f"{where}.{name}" if where else str(name))
    elif isinstance(raw, Sequence) and not isinstance(raw, bytes | bytearray):
        for position, value in enumerate(raw):
            yield from nul_fields(value, f"{where}.{position}" if where else str(position))


def unknown_fields(model: type[BaseModel], raw: Mapping[str, object]) -> tuple[FieldProblem, ...]:
    """Top-level fields that `model` does not know, each with the nearest known name (tool inputs are strict)."""
    known = [field.alias or name for name, field in model.model_fields.items()]
    accepted = {*known, *model.model_fields}
    return tuple(FieldProblem(name, _nearest(name, known)) for name in raw if name not in accepted)


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return (
        f"is not a known field; did you mean {close[0]}?"
        if close
        else f"is not a known field; allowed: {', '.join(known)}"
    )
