"""What was there before: a backup of each file, and what it takes to give back the same bytes.

Kept in the person's state folder and not beside the files, where a project would show it. Only the owner can read it.
"""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ValidationError

from speko_mcp.cli import files


class Record(BaseModel):
    """One entry in one file: the digest of what was written, and what stood there before anything was."""

    path: str
    name: str
    written: str
    existed: bool
    mode: int | None
    folders: list[str]


class Journal:
    """The records of this person. A record describes a file as long as nobody else changes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def backup(self, path: Path, name: str) -> Path:
        """Where the content before the first change is kept."""
        return self._place(path, name).with_suffix(".before")

    def current(self, path: Path, name: str, content: bytes | None) -> Record | None:
        """The record of this entry, when the file is still as it was written."""
        try:
            record = Record.model_validate_json(self._place(path, name).read_bytes())
        except (OSError, ValidationError):
            return None
        is_whole = not record.existed or self.backup(path, name).exists()
        return record if is_whole and content is not None and record.written == _digest(content) else None

    def before(self, path: Path, name: str, record: Record) -> bytes | None:
        """The content before the first change; None when there was no file."""
        return self.backup(path, name).read_bytes() if record.existed else None

    def note(self, path: Path, name: str, before: bytes | None, after: bytes, *, is_new: bool) -> None:
        """Keep what is there, before `after` is written. `is_new` says that the entry was not in it."""
        record = self.current(path, name, before)
        if record is None:
            if before is not None:
                self._write(self.backup(path, name), before)
            if not is_new:
                self._place(path, name).unlink(missing_ok=True)
                return
            record = Record(
                path=str(path), name=name, written="", existed=before is not None, mode=files.mode_of(path), folders=[]
            )
        self._save(record.model_copy(update={"written": _digest(after)}))

    def note_folders(self, path: Path, name: str, after: bytes, folders: list[Path]) -> None:
        """Remember the folders that had to be made for the file."""
        record = self.current(path, name, after)
        if record is not None and folders:
            self._save(record.model_copy(update={"folders": [str(folder) for folder in folders]}))

    def forget(self, path: Path, name: str) -> None:
        """The entry is gone: delete what was kept for it, with any key in it."""
        self.backup(path, name).unlink(missing_ok=True)
        self._place(path, name).unlink(missing_ok=True)

    def _save(self, record: Record) -> None:
        self._write(self._place(Path(record.path), record.name), record.model_dump_json().encode())

    def _write(self, place: Path, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.replace(place, content, files.PRIVATE)

    def _place(self, path: Path, name: str) -> Path:
        return self._folder / f"{_digest(f'{name} {path}'.encode())[:16]}.json"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
