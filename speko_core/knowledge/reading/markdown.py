"""Markdown: its own source text, cut at headings and blocks; a model reads Markdown better than what is left of it."""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

from speko_core.knowledge.passages import Block
from speko_core.knowledge.reading.headings import Trail
from speko_core.knowledge.reading.text import decoded

_FRONT_MATTER = re.compile(r"\A---\n.*?\n(---|\.\.\.)\n", re.DOTALL)


def read(path: Path) -> Iterator[Block]:
    """One block for each top-level element below its headings."""
    source = _FRONT_MATTER.sub("", decoded(path.read_bytes()))
    lines = source.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    trail = Trail()
    for at, token in enumerate(tokens):
        if token.level != 0 or token.map is None:
            continue
        if token.type == "heading_open":
            trail.enter(int(token.tag[1:]), tokens[at + 1].content)
        else:
            yield Block("\n".join(lines[token.map[0] : token.map[1]]), trail.headings)
