"""Bytes to JSON values, within bounds: JSON with comments and BOM, YAML 1.2, Markdown front matter (MIG-1).

Hostile files end in one clear sentence: too large, too deep, doubled keys, not UTF-8, aliases that multiply.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from speko_core.errors import InvalidInput, TooLarge
from speko_core.migration import limits
from speko_core.migration.json_documents import parse_json
from speko_core.migration.paths import Path, leaf_paths
from speko_core.migration.python_code import python_document
from speko_core.migration.script_literals import Scanner
from speko_core.migration.secrets import scrub_text
from speko_core.migration.twiml import twiml_documents
from speko_core.migration.yaml_documents import parse_yaml
from speko_core.types import JsonObject, JsonValue

Format = Literal["json", "yaml", "markdown", "python", "typescript", "xml", "text"]
_SUFFIXES: dict[str, Format] = {
    ".json": "json", ".jsonc": "json", ".json5": "json", ".lock": "json", ".yml": "yaml", ".yaml": "yaml",
    ".md": "markdown", ".mdx": "markdown", ".py": "python", ".ts": "typescript", ".tsx": "typescript",
    ".js": "typescript", ".jsx": "typescript", ".mjs": "typescript", ".cjs": "typescript", ".xml": "xml",
}  # fmt: skip
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)(.*)\Z", re.DOTALL)
_IMPORT = re.compile(r"""(?:\bfrom|\bimport|\brequire\()\s*["']([^"'\n]{1,200})["']""")
# The body of a Markdown agent file is its prompt; the name cannot be a field of any platform.
BODY = "(body)"


@dataclass(frozen=True)
class File:
    """A file as the client sent it."""

    path: str
    content: bytes

    @property
    def suffix(self) -> str:
        """The end of the name, `.json` for example."""
        name = self.path.rsplit("/", 1)[-1]
        return "." + name.rsplit(".", 1)[1].lower() if "." in name[1:] else ""

    @property
    def format(self) -> Format:
        """By name, and by the first character where the name says nothing."""
        known = _SUFFIXES.get(self.suffix)
        if known is not None:
            return known
        return "json" if self.content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "text"


def text_of(file: File) -> str:
    """The file as text.

    Raises:
        TooLarge: over 4 MiB.
        InvalidInput: not UTF-8.
    """
    if len(file.content) > limits.MAX_FILE_BYTES:
        raise TooLarge(
            f"{scrub_text(file.path)} is over {limits.MAX_FILE_BYTES // (1024 * 1024)} MiB; "
            "a configuration of one agent is smaller.",
        )
    try:
        if file.content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return file.content.decode("utf-16")
        return file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{scrub_text(file.path)} is not UTF-8 text.") from None


@dataclass(frozen=True)
class Document:
    """A value of a file; `lines` names its leaves where it was read out of a program."""

    value: JsonValue
    lines: dict[Path, str] = field(default_factory=dict)


def documents_of(file: File) -> list[Document]:
    """The documents in a file: one in JSON, several in YAML, literals of programs.

    Raises:
        InvalidInput: malformed, too deep, with doubled keys.
        TooLarge: over the size limit.
    """
    text, name = text_of(file), scrub_text(file.path)
    if file.format == "json":
        return [Document(parse_json(text, name))]
    if file.format == "yaml":
        return [Document(value) for value in parse_yaml(text, name)]
    if file.format == "markdown":
        return _front_matter(text, name)
    relays = [_at_line(value, name, line) for value, line in twiml_documents(text)]
    if file.format == "python":
        program = python_document(text, name)
        return [Document(program.document(), program.lines), *relays]
    if file.format == "typescript":
        return [*script_documents(text, name), *relays]
    return relays


def _front_matter(text: str, name: str) -> list[Document]:
    front = _FRONT_MATTER.match(text)
    if front is None:
        return []
    documents = parse_yaml(front.group(1), name)
    head = documents[0] if documents else None
    return [Document({**head, BODY: front.group(2).strip()})] if isinstance(head, dict) else []


def _at_line(value: JsonObject, name: str, line: int) -> Document:
    return Document(value, {path: f"{name}:{line} {'.'.join(map(str, path))}" for path in leaf_paths(value)})


def script_documents(text: str, name: str) -> list[Document]:
    """The literals of a script one by one, and all of them with its imports as one document."""
    imports = list(dict.fromkeys(_IMPORT.findall(text)))[:200]
    literals = Scanner(text, name).literals()
    whole: JsonObject = {"language": "script", "imports": list(imports), "literals": [one.value for one in literals]}
    lines: dict[Path, str] = {("language",): name, ("imports",): name, ("literals",): name}
    lines |= {("imports", at): f"{name}:import {at + 1}" for at in range(len(imports))}
    for at, literal in enumerate(literals):
        for path, line in literal.lines.items():
            lines[("literals", at, *path)] = f"{name}:{line} {'.'.join(map(str, path)) or literal.name}"
    singles = [
        Document(one.value, {path: f"{name}:{line} {'.'.join(map(str, path))}" for path, line in one.lines.items()})
        for one in literals
    ]
    return [Document(whole, lines), *singles]
