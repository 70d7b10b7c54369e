"""The templates beside this module, with their placeholders filled in."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path

_FOLDER = Path(__file__).parent
_PLACE = re.compile(r"\{\{(\w+)\}\}")
# Names that packaging tools and version control would treat in their own way if they lay here as such.
_RENAMED = {"gitignore.txt": ".gitignore"}


@cache
def snippet(task: str, code_language: str) -> str | None:
    """The template of a snippet, or None where there is none."""
    path = _FOLDER / "snippets" / f"{task}.{code_language}.txt"
    return path.read_text("utf-8") if path.is_file() else None


@cache
def web_app() -> tuple[tuple[str, str], ...]:
    """Path and template of every file of the web app."""
    return tuple(_templates(_FOLDER / "web_app"))


def _templates(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
        name = path.relative_to(folder).as_posix()
        yield _RENAMED.get(name, name), path.read_text("utf-8")


def filled(template: str, values: Mapping[str, str], path: str = "") -> str:
    """The text with every placeholder replaced; in a page as text, in code as the inside of a quoted string."""
    quoted = escape if path.endswith(".html") else _in_quotes
    return _PLACE.sub(lambda place: quoted(values[place[1]]), template)


def _in_quotes(value: str) -> str:
    return json.dumps(value)[1:-1]
