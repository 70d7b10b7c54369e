"""The documentation as sections: one per heading, with the anchor that a reader can follow."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Section:
    """A heading and the text below it. `headings` leads from the page's title to here."""

    page: str
    headings: tuple[str, ...]
    anchor: str
    text: str

    @property
    def title(self) -> str:
        """The page's title."""
        return self.headings[0]


def docs_folder() -> Path:
    """Where the pages are: inside the installed package, or beside it in a checkout."""
    packaged = _PACKAGE / "pages"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "docs"


@cache
def sections() -> tuple[Section, ...]:
    """Every section of every page, in the order of file names; read once, because pages change with a release."""
    return tuple(section for page in page_names() for section in split(page, page_text(page) or ""))


@cache
def page_names() -> tuple[str, ...]:
    """Every page, in the order of file names."""
    folder = docs_folder()
    return tuple(path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.md")))


def page_text(page: str) -> str | None:
    """The page as Markdown, or None when there is none of this name."""
    return (docs_folder() / f"{page}.md").read_text(encoding="utf-8") if page in page_names() else None


def split(page: str, markdown: str) -> Iterator[Section]:
    """Cut a page at its headings; text before the first heading belongs to the page's name."""
    trail: list[tuple[int, str]] = [(0, page)]
    lines: list[str] = []
    seen: dict[str, int] = {}
    for level, heading, line in _lines(markdown):
        if heading is None:
            lines.append(line)
            continue
        yield from _section(page, trail, lines, seen)
        lines = []
        trail = [entry for entry in trail if 0 < entry[0] < level] + [(level, heading)]
    yield from _section(page, trail, lines, seen)


def _lines(markdown: str) -> Iterator[tuple[int, str | None, str]]:
    fenced = False
    for line in markdown.splitlines():
        fenced = fenced != bool(_FENCE.match(line))
        match = None if fenced else _HEADING.match(line)
        if match:
            yield len(match[1]), match[2], line
        else:
            yield 0, None, line


def _section(page: str, trail: list[tuple[int, str]], lines: list[str], seen: dict[str, int]) -> Iterator[Section]:
    text = "\n".join(lines).strip()
    anchor = _anchor(trail[-1][1], seen) if trail[-1][0] else ""
    if text:
        yield Section(page, tuple(heading for _, heading in trail), anchor, text)


def _anchor(heading: str, seen: dict[str, int]) -> str:
    base = _NOT_IN_ANCHOR.sub("", heading.lower()).strip().replace(" ", "-")
    count = seen.get(base, 0)
    seen[base] = count + 1
    return base if count == 0 else f"{base}-{count}"
