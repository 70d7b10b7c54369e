"""Walks a folder on the person's own machine and picks the files worth looking at. Used by the command line only:
the server never reads a disk for a client.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from speko_core.migration import limits, signals
from speko_core.migration.documents import File
from speko_core.migration.gitignore import Ignore

_SKIPPED = frozenset(
    {".git", "node_modules", ".venv", "venv", "__pycache__", ".next", ".nuxt", "dist", "build", ".tox", ".mypy_cache"}
    | {".pytest_cache", ".ruff_cache", "site-packages", "target", ".terraform", "vendor", "coverage", ".turbo"}
)
_SUFFIXES = frozenset(
    {".json", ".jsonc", ".json5", ".yml", ".yaml", ".md", ".mdx", ".py", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs"}
    | {".xml", ".lock", ".toml", ".txt"}
)
_NOT_CONFIGURATIONS = frozenset({"package-lock.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock", "uv.lock"})
_MAX_FILE = 1024 * 1024
_MAX_SEEN = 50_000
_MARKS = (
    b"vapi",
    b"retell",
    b"elevenlabs",
    b"conversation_config",
    b"11labs",
    b"firstMessage",
    b"bland",
    b"pathway",
    b"agent_config",
    b"bolna",
    b"deepgram",
    b"realtime",
    b"ultravox",
    b"selectedTools",
    b"telnyx",
    b"hume",
    b"evi_version",
    b"ConversationRelay",
    b"synthflow",
    b"vocode",
    b"pipecat",
    b"livekit",
    b"predefined_graphs",
    b"startCall",
    b"general_prompt",
    b"response_engine",
    b"assistantId",
    b"transcriber",
    b"task_messages",
    b"globalPrompt",
    b"start_node_id",
    b"webhook",
    b"systemPrompt",
    b"instructions",
    b"greeting_message",
    b"twilio",
    b"convai",
    b"turn_detection",
    b"tools_config",
)


def select_files(root: Path) -> list[File]:
    """The files of a workspace that may concern voice agents, at most 500, without what git ignores.

    `.env` files are an exception to git's rules: they are ignored there, and only their names are read.
    """
    selected: list[File] = []
    total = 0
    for path in walk(root):
        file = _read(root, path)
        if file is None:
            continue
        total += len(file.content)
        if len(selected) >= limits.MAX_FILES or total > limits.MAX_TOTAL_BYTES:
            break
        selected.append(file)
    return selected


def walk(root: Path) -> Iterator[Path]:
    """Files below `root`, in order, no links, no ignored or generated folders."""
    seen = 0
    stack = [(root, Ignore.empty())]
    while stack:
        folder, ignore = stack.pop()
        ignore = ignore.with_file(folder, folder / ".gitignore")
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > _MAX_SEEN:
                return
            if entry.is_symlink():
                continue
            path = Path(entry.path)
            if entry.is_dir():
                if entry.name not in _SKIPPED and not ignore.matches(path, is_folder=True):
                    stack.append((path, ignore))
            elif _is_environment(entry.name) or not ignore.matches(path, is_folder=False):
                yield path


def _is_environment(name: str) -> bool:
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def _read(root: Path, path: Path) -> File | None:
    name = path.name
    relative = path.relative_to(root).as_posix()
    if name in _NOT_CONFIGURATIONS:
        return None
    if not (_is_environment(name) or path.suffix.lower() in _SUFFIXES):
        return None
    if path.suffix.lower() in (".toml", ".txt") and name not in signals.MANIFESTS:
        return None
    try:
        if path.stat().st_size > _MAX_FILE:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    if _is_environment(name):
        return File(relative, _names_only(content))
    return File(relative, content) if any(mark in content for mark in _MARKS) else None


def _names_only(content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    return "\n".join(f"{match.group(1)}=" for match in signals.ENV_LINE.finditer(text)).encode()
