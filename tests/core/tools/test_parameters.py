"""JSON Schema of tools: what may be registered, and what arguments fit, whoever wrote either."""

import time

import pytest

from speko_core.tools.parameters import argument_problems, schema_problem
from speko_core.types import JsonObject, JsonValue


def of(**properties: JsonValue) -> JsonObject:
    return {"type": "object", "properties": dict(properties)}


def nested(levels: int) -> JsonValue:
    schema: JsonValue = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def doubling(steps: int) -> JsonObject:
    """A schema that is small as written and has 2^steps parts once its references are followed."""
    definitions: JsonObject = {
        f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}, {"$ref": f"#/$defs/d{at + 1}"}]} for at in range(steps)
    }
    definitions[f"d{steps}"] = {"type": "string"}
    return {**of(a={"$ref": "#/$defs/d0"}), "$defs": definitions}


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        ({}, '"type": "object"'),
        ({"type": ["object"]}, '"type": "object"'),
        (of(a={"type": "strin"}), "not valid JSON Schema"),
        (of(a=nested(20)), "deeper"),
        (of(a={"description": "x" * 40_000}), "bytes"),
        (of(a={"$ref": "https://example.com/schema.json"}), "own definitions"),
        (of(a={"$ref": "file:///etc/passwd"}), "own definitions"),
        (of(a={"$ref": "#"}), "own definitions"),
        (of(a={"$id": "https://example.com/"}), "$id"),
        (of(a={"$dynamicRef": "#x"}), "$dynamicRef"),
        (of(a={"$ref": "#/$defs/none"}), "does not exist"),
        ({**of(a={"$ref": "#/$defs/b"}), "$defs": {"b": {"items": {"$ref": "#/$defs/b"}}}}, "itself"),
        (doubling(14), "parts"),
        (of(a={"pattern": "("}), "regular expression"),
        (of(a={"pattern": "a" * 600}), "patterns longer"),
    ],
)
def test_a_schema_that_could_harm_or_never_match_is_refused(schema: JsonObject, part: str) -> None:
    """AGT-2: bounds, no references outside, no circles."""
    problem = schema_problem(schema)
    assert problem is not None
    assert part in problem


def test_an_ordinary_schema_with_definitions_passes() -> None:
    """AGT-2"""
    party: JsonObject = {"type": "integer", "minimum": 1}
    schema: JsonObject = {
        **of(size={"$ref": "#/$defs/party"}),
        "$defs": {"party": party},
        "additionalProperties": False,
    }
    assert schema_problem(schema) is None
    assert argument_problems(schema, {"size": 2}) == []
    assert argument_problems(schema, {"size": 0}) == ["size: 0 is less than the minimum of 1"]
    assert len(argument_problems(schema, {"sice": 1})) == 1


def test_a_pattern_that_would_run_for_ever_is_given_up() -> None:
    """AGT-2: one organization's pattern does not stop the process of all."""
    schema = of(a={"type": "string", "pattern": "^(a+)+$"})
    assert schema_problem(schema) is None
    begun = time.monotonic()
    problems = argument_problems(schema, {"a": "a" * 40 + "!"})
    assert problems != []
    assert time.monotonic() - begun < 2


def test_endless_arguments_are_refused_unread() -> None:
    """AGT-2: a model that loops."""
    assert argument_problems(of(), {"a": "x" * 40_000}) == ["the arguments are longer than 32768 bytes"]


def test_no_more_than_a_few_problems_are_told() -> None:
    """AGT-2: the model needs a hint, not a list."""
    schema = of(**{f"p{at}": {"type": "integer"} for at in range(20)})
    assert len(argument_problems(schema, {f"p{at}": "x" for at in range(20)})) == 5
