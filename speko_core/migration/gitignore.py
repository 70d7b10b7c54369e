"""Git's ignore rules, read from the files themselves. Git itself is not run: a repository can make it run programs."""

import re
from dataclasses import dataclass
from pathlib import Path

_MAX_BYTES = 256 * 1024
_MAX_WILDCARDS = 8


@dataclass(frozen=True)
class _Pattern:
    folder: Path
    expression: "re.Pattern[str]"
    keeps: bool
    folders_only: bool


@dataclass(frozen=True)
class Ignore:
    """The rules that hold in a folder: its own and those of the folders above; the last match decides."""

    patterns: tuple[_Pattern, ...]

    @classmethod
    def empty(cls) -> "Ignore":
        """No rules."""
        return cls(())

    def with_file(self, folder: Path, file: Path) -> "Ignore":
        """These rules and those of one `.gitignore`, when it is there."""
        try:
            if file.is_symlink() or file.stat().st_size > _MAX_BYTES:
                return self
            lines = file.read_text("utf-8", "replace").splitlines()
        except OSError:
            return self
        found = [pattern for line in lines if (pattern := _pattern(folder, line)) is not None]
        return Ignore((*self.patterns, *found)) if found else self

    def matches(self, path: Path, *, is_folder: bool) -> bool:
        """Whether git ignores the path."""
        ignored = False
        for pattern in self.patterns:
            if pattern.folders_only and not is_folder:
                continue
            if pattern.expression.fullmatch(path.relative_to(pattern.folder).as_posix()):
                ignored = not pattern.keeps
        return ignored


def _pattern(folder: Path, line: str) -> _Pattern | None:
    text = line.rstrip("\r\n")
    text = text if text.endswith("\\ ") else text.rstrip(" ")
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text.removeprefix("!").removeprefix("\\")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    # Many wildcards in one pattern make matching slow; no honest rule has them.
    if not text or text.count("*") > _MAX_WILDCARDS:
        return None
    body = _expression(text)
    try:
        expression = re.compile(body if anchored else f"(?:.*/)?{body}", re.DOTALL)
    except re.error:
        return None
    return _Pattern(folder, expression, keeps, folders_only)


def _expression(text: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(text):
        if text.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif text.startswith("/**", at) and at + 3 == len(text):
            parts.append("/.*")
            at += 3
        elif text[at] == "*":
            while text[at : at + 1] == "*":
                at += 1
            parts.append("[^/]*+" if at == len(text) else "[^/]*")
        elif text[at] == "?":
            parts.append("[^/]")
            at += 1
        elif text[at] == "[" and "]" in text[at + 2 :]:
            end = text.index("]", at + 2)
            inside = text[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            parts.append(f"[{'^' + inside[1:] if inside[0] in '!^' else inside}]")
            at = end + 1
        else:
            parts.append(re.escape(text[at]))
            at += 1
    return "".join(parts)
