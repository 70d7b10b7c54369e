"""Carrying out a planned change."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from speko_mcp.cli import files
from speko_mcp.cli.journal import Journal
from speko_mcp.cli.merging.document import Unreadable
from speko_mcp.cli.plan import Change


def carry_out_all(changes: Sequence[Change], journal: Journal) -> list[Change]:
    """Write what was planned. Removals go backwards, so that folders that were made for the first are empty by then."""
    if any(change.status == "removed" for change in changes):
        return [carry_out(change, journal) for change in reversed(changes)][::-1]
    return [carry_out(change, journal) for change in changes]


def carry_out(change: Change, journal: Journal) -> Change:
    """Write one file. What cannot be written is refused, and the file is as it was."""
    if not change.writes:
        return change
    assert change.file is not None, "a change that writes has a file"
    try:
        if files.read(change.file) != change.before:
            raise Unreadable("it changed in the meantime; run the command again")
        if change.status == "removed":
            _give_back(change, journal)
        else:
            _write(change, journal)
    except Unreadable as error:
        return replace(change, status="refused", reason=str(error))
    except OSError as error:
        return replace(change, status="refused", reason=f"it cannot be written: {error.strerror}")
    return change


def _write(change: Change, journal: Journal) -> None:
    assert change.file is not None
    assert change.after is not None, "only a removal deletes a file"
    journal.note(change.file, change.name, change.before, change.after, is_new=change.status == "added")
    mode = files.mode_of(change.file)
    if change.key is not None:
        mode = files.PRIVATE if mode is None else mode & files.PRIVATE
    folders = files.replace(change.file, change.after, mode)
    journal.note_folders(change.file, change.name, change.after, folders)


def _give_back(change: Change, journal: Journal) -> None:
    assert change.file is not None
    record = journal.current(change.file, change.name, change.before)
    if change.after is None:
        files.remove(change.file, [Path(folder) for folder in record.folders] if record else [])
    else:
        files.replace(change.file, change.after, record.mode if record else files.mode_of(change.file))
    journal.forget(change.file, change.name)
