"""What would change in which file, decided before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli import files
from speko_mcp.cli.clients import Client, Scope
from speko_mcp.cli.clients.shapes import CannotRefer, Connection, Key, Variable
from speko_mcp.cli.inputs import with_inputs, without_inputs
from speko_mcp.cli.journal import Journal
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.document import Document, Unreadable, find
from speko_mcp.cli.merging.merge import put_entry, take_entry

Status: TypeAlias = Literal["added", "updated", "unchanged", "removed", "absent", "refused"]
DEFAULT_VARIABLE = "SPEKO_API_KEY"
_BOM = "\ufeff"


@dataclass(frozen=True)
class Change:
    """One client's file before and after. `after` is None where the file goes away again."""

    client: Client
    scope: Scope
    name: str
    status: Status
    file: Path | None = None
    before: bytes | None = None
    after: bytes | None = None
    reason: str = ""
    key: str | None = None
    variable: str | None = None

    @property
    def writes(self) -> bool:
        """Whether there is anything to do."""
        return self.status in ("added", "updated", "removed")


def plan_add(client: Client, machine: Machine, scope: Scope, name: str, connection: Connection) -> Change:
    """Add the entry to a client's configuration, or bring it up to date."""
    decide = partial(_added, machine=machine, connection=_of(connection, scope))
    return _planned(Change(client, scope, name, "absent", client.file(machine, scope)), decide)


def plan_remove(client: Client, machine: Machine, scope: Scope, name: str, journal: Journal) -> Change:
    """Take the entry out, and give back the very file from before when nothing else changed since."""
    decide = partial(_removed, machine=machine, journal=journal)
    return _planned(Change(client, scope, name, "absent", client.file(machine, scope)), decide)


def _planned(change: Change, decide: Callable[[Change, str], Change]) -> Change:
    """Read the file, decide, and turn what stands against it into a refusal."""
    title, file = change.client.title, change.file
    if file is None:
        return replace(change, status="refused", reason=f"{title} has no configuration for this folder alone")
    try:
        content = files.read(file)
        text = files.decode(content or b"")
        decided = decide(replace(change, before=content), text.removeprefix(_BOM))
        if decided.writes:
            files.check_writable(file)
    except Unreadable as error:
        return replace(change, status="refused", reason=str(error))
    except CannotRefer:
        reason = f"{title} reads keys from its own file only: use --oauth, or --scope user without --key-env"
        return replace(change, status="refused", reason=reason)
    return _with_mark(decided) if text.startswith(_BOM) else decided


def _added(change: Change, text: str, machine: Machine, connection: Connection) -> Change:
    client, credential = change.client, connection.credential
    document, path = client.document, (*client.section, change.name)
    values = document.read(text)
    existing = find(values, path)
    if existing is not None and not _is_ours(client, machine, existing):
        raise Unreadable(f"it has another kind of entry called {change.name}; choose another --name")
    entry = client.shape.write(connection)
    if existing is None:
        entry = {**entry, **client.shape.at_first(change.name)}
    start = text if values else _start(document, text, client.new_file)
    changed = put_entry(document, start, path, entry, client.shape.owned)
    if client.asks_for_keys:
        changed = with_inputs(document, changed, text, credential)
    status: Status = "unchanged" if changed == text else "added" if existing is None else "updated"
    key = credential.value if isinstance(credential, Key) else None
    variable = credential.name if isinstance(credential, Variable) else None
    return replace(change, status=status, after=changed.encode(), key=key, variable=variable)


def _removed(change: Change, text: str, machine: Machine, journal: Journal) -> Change:
    client, file = change.client, change.file
    assert file is not None, "it was read"
    path = (*client.section, change.name)
    existing = find(client.document.read(text), path)
    if existing is None:
        return change
    if not _is_ours(client, machine, existing):
        raise Unreadable(f"its entry {change.name} is not one of this command")
    record = journal.current(file, change.name, change.before)
    if record is not None:
        return replace(change, status="removed", after=journal.before(file, change.name, record))
    changed = take_entry(client.document, text, path)
    if client.asks_for_keys:
        changed = without_inputs(client.document, changed, text)
    return replace(change, status="removed", after=changed.encode())


def _with_mark(change: Change) -> Change:
    """The byte order mark that the file begins with stays."""
    mark = _BOM.encode()
    if change.after is None or change.after.startswith(mark):
        return change
    return replace(change, after=mark + change.after)


def _of(connection: Connection, scope: Scope) -> Connection:
    """A key never goes into a file of a project, which may be committed."""
    if scope == "project" and isinstance(connection.credential, Key):
        return replace(connection, credential=Variable(DEFAULT_VARIABLE))
    return connection


def _is_ours(client: Client, machine: Machine, entry: JsonValue) -> bool:
    """Whether an entry has the form that this command writes."""
    return isinstance(entry, dict) and client.shape.read(entry, machine.variables) is not None


def _start(document: Document, text: str, members: JsonObject) -> str:
    for name, value in members.items():
        text = document.put(text, (name,), value)
    return text
