"""HTML: the text of its main part, without navigation, scripts and forms."""

from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from speko_core.knowledge.passages import Block
from speko_core.knowledge.reading.headings import Trail

_LEFT_OUT = "script, style, noscript, template, nav, header, footer, aside, form, svg, iframe, button, select"
_MAIN = ("main", "article", "[role=main]")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCK_NAMES = """
p div section article main body ul ol li dl dt dd table thead tbody tfoot tr blockquote pre figure figcaption address
details summary hr center
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split()) | frozenset(_HEADINGS)
# A main part with less text than this share of the page is a teaser, not the page.
_MAIN_SHARE = 0.3


def read(path: Path) -> Iterator[Block]:
    """Blocks of the page, below its headings."""
    return blocks(path.read_bytes())


def blocks(markup: bytes | str) -> Iterator[Block]:
    """Blocks of some markup; its encoding is what it declares, else UTF-8."""
    page = LexborHTMLParser(markup)
    if page.body is None:
        return iter(())
    for node in page.css(_LEFT_OUT):
        node.decompose()
    return _walk(_main(page, page.body), Trail())


def _main(page: LexborHTMLParser, body: LexborNode) -> LexborNode:
    found = (page.css_first(selector) for selector in _MAIN)
    enough = _MAIN_SHARE * len(body.text())
    return next((node for node in found if node is not None and len(node.text()) >= enough), body)


def _walk(node: LexborNode, trail: Trail) -> Iterator[Block]:
    """Text between block elements is a block of its own; a row of a table is one line."""
    run: list[str] = []
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag not in _BLOCKS:
            run.append("\n" if tag == "br" else child.text())
            continue
        yield from _block(run, trail)
        run = []
        if tag in _HEADINGS:
            trail.enter(_HEADINGS[tag], child.text())
        elif tag == "tr":
            yield from _block([" | ".join(cell.text(separator=" ", strip=True) for cell in child.iter())], trail)
        elif tag == "pre":
            yield Block(child.text(), trail.headings)
        else:
            yield from _walk(child, trail)
    yield from _block(run, trail)


def _block(run: list[str], trail: Trail) -> Iterator[Block]:
    text = "\n".join(" ".join(line.split()) for line in "".join(run).split("\n") if line.strip())
    if text:
        yield Block(text, trail.headings)
