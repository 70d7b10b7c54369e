"""Tasks for language models: read from `tasks.toml` or `tasks.jsonl`, scored by exact rules, never by a model."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson
from pydantic import ValidationError

from speko_core.bench.distance import Score
from speko_core.bench.files import Place, Wrong, json_lines, text
from speko_core.bench.items import Item, Task
from speko_core.providers.base import ToolCall
from speko_core.types import JsonValue
from speko_core.validation import field_problems

PASSED, FAILED = Score(0, 1), Score(1, 1)
_TASK: Final = re.compile(r"^\s*\[\[\s*tasks\s*\]\]")


def read_tasks(folder: Path) -> tuple[Item, ...]:
    """The tasks of a folder. `tools` at the top of a TOML file belong to every task that names none.

    Raises:
        Wrong: a task cannot be read, or two have the same id.
    """
    table, listed = folder / "tasks.toml", folder / "tasks.jsonl"
    if not table.is_file() and not listed.is_file():
        raise Wrong(Place(folder), "a folder for language models has tasks.toml or tasks.jsonl")
    seen: dict[str, Place] = {}
    found: list[Item] = []
    for place, record in _from_toml(table) if table.is_file() else json_lines(listed):
        task = _task(place, record)
        if task.id in seen:
            raise Wrong(place, f"the id {task.id!r} was used at {seen[task.id]}")
        seen[task.id] = place
        found.append(task)
    return tuple(found)


def score(task: Task, said: str, calls: Sequence[ToolCall]) -> Score:
    """One error when any rule is broken."""
    expect = task.expect
    kept = (
        not (expect.no_tool and calls),
        expect.tool is None or _called(expect.tool, expect.args, calls),
        all(re.search(pattern, said, re.IGNORECASE) for pattern in expect.says),
        not any(re.search(pattern, said, re.IGNORECASE) for pattern in expect.never_says),
    )
    return PASSED if all(kept) else FAILED


def _called(tool: str, args: Mapping[str, JsonValue], calls: Sequence[ToolCall]) -> bool:
    if len(calls) != 1 or calls[0].name != tool:
        return False
    given = orjson.loads(calls[0].args)
    return isinstance(given, dict) and all(name in given and _same(given[name], args[name]) for name in args)


def _same(given: JsonValue, wanted: JsonValue) -> bool:
    if isinstance(given, str) and isinstance(wanted, str):
        return given.strip().casefold() == wanted.strip().casefold()
    # Python takes True for 1; JSON does not.
    return given == wanted and isinstance(given, bool) == isinstance(wanted, bool)


def _from_toml(path: Path) -> Iterator[tuple[Place, Mapping[str, object]]]:
    source = text(path)
    try:
        content = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise Wrong(Place(path, int(found[1]) if found else None), "is not TOML") from None
    heads = [number for number, line in enumerate(source.split("\n"), 1) if _TASK.match(line)]
    tasks, shared = content.get("tasks"), content.get("tools", [])
    if not isinstance(tasks, list) or len(tasks) != len(heads) or content.keys() - {"tasks", "tools"}:
        raise Wrong(Place(path), "must hold [[tasks]], and may hold [[tools]] that they share")
    for head, task in zip(heads, tasks, strict=True):
        yield Place(path, head), {"tools": shared, **task}


def _task(place: Place, record: Mapping[str, object]) -> Task:
    try:
        task = Task.model_validate(record)
    except ValidationError as error:
        problem = field_problems(error)[0]
        raise Wrong(place, f"{problem.field}: {problem.problem}") from None
    said = task.conversation()
    if not said or said[-1].role != "user":
        raise Wrong(place, "needs user, or messages that end with one of the user")
    if not task.expect.model_fields_set:
        raise Wrong(place, "expect is empty: say what the answer must be")
    _check_rules(place, task)
    return task


def _check_rules(place: Place, task: Task) -> None:
    expect = task.expect
    if expect.tool is not None and expect.tool not in {tool.name for tool in task.tools}:
        raise Wrong(place, f"expects the tool {expect.tool!r}, which it does not offer")
    if (expect.args and expect.tool is None) or (expect.tool is not None and expect.no_tool):
        raise Wrong(place, "expect contradicts itself: args need a tool, and no_tool forbids one")
    for pattern in (*expect.says, *expect.never_says):
        try:
            re.compile(pattern)
        except re.error:
            raise Wrong(place, f"{pattern!r} is not a regular expression") from None
