"""A change as people read it, without the secrets of anybody."""

import difflib
import re
from collections.abc import Iterator

from speko_mcp.cli import files
from speko_mcp.cli.plan import Change

MAX_LINE = 160
HIDDEN = "***"
_BEARER = re.compile(r"(?i)((?:bearer|basic)\s+)(?![$<{])[^\s\"',}]+")
_SECRET = re.compile(
    r"(?i)(?<![\w-])(?![\w-]*env)([\w-]*(?:api[_-]?key|token|secret|password|authorization)[\w-]*[\"']?\s*[:=]\s*[\"']?)"
    r"(?!bearer|basic|true|false|null|[$\[{])[^\s\"',}]+"
)


def lines(change: Change, title: str) -> Iterator[str]:
    """A unified diff of a file, with what looks like a secret hidden and long lines cut."""
    before, after = _lines(change.before), _lines(change.after)
    for line in difflib.unified_diff(before, after, title, title if change.after is not None else "(no file)", n=1):
        shown = hide(line.rstrip("\r\n"), change.key)
        yield shown if len(shown) <= MAX_LINE else shown[:MAX_LINE] + " …"


def hide(line: str, key: str | None) -> str:
    """One line without its secrets."""
    line = line.replace(key, HIDDEN) if key else line
    return _SECRET.sub(rf"\1{HIDDEN}", _BEARER.sub(rf"\1{HIDDEN}", line))


def _lines(content: bytes | None) -> list[str]:
    return files.decode(content or b"").splitlines(keepends=True)
