"""Reading and replacing one file: whole or not at all, through symbolic links, never what changed meanwhile."""

import os
import secrets
import stat
from pathlib import Path

from speko_mcp.cli.merging.document import Unreadable

PRIVATE = 0o600
MAX_BYTES = 32 * 1024 * 1024


def read(path: Path) -> bytes | None:
    """The content; None when there is no file.

    Raises:
        Unreadable: it is there and cannot be read.
    """
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise Unreadable("it is too large for a configuration")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from None


def decode(content: bytes) -> str:
    """The text of a file.

    Raises:
        Unreadable: it is not UTF-8.
    """
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None


def check_writable(path: Path) -> None:
    """Refuse a file that somebody made read-only, although it could be replaced by another.

    Raises:
        Unreadable: it is read-only.
    """
    target = path.resolve()
    if target.exists() and not (target.stat().st_mode & stat.S_IWUSR and os.access(target, os.W_OK)):
        raise Unreadable("it is read-only")


def mode_of(path: Path) -> int | None:
    """The permissions of a file; None when there is none."""
    target = path.resolve()
    return stat.S_IMODE(target.stat().st_mode) if target.exists() else None


def replace(path: Path, content: bytes, mode: int | None) -> list[Path]:
    """Write a file whole, with these permissions or those usual for new files; the folders this made.

    Raises:
        OSError: it cannot be written; the old content is still there.
    """
    target = path.resolve()
    made = _make_folders(target.parent)
    fresh = target.parent / f".{target.name}.{secrets.token_hex(6)}"
    created = 0o666 if mode is None else PRIVATE
    try:
        with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, created)) as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if mode is not None:
            fresh.chmod(mode)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return made


def remove(path: Path, folders: list[Path]) -> None:
    """Delete a file, and the folders that were made for it if they are empty.

    Raises:
        OSError: it cannot be deleted.
    """
    path.resolve().unlink(missing_ok=True)
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _make_folders(folder: Path) -> list[Path]:
    """Make what is missing; the deepest folder first."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing
