"""What would change in which file, decided before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli import files
from speko_mcp.cli.clients import Client, Scope
from speko_mcp.cli.clients.shapes import CannotRefer, Connection, Key, Variable
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

    connection = _of(connection, scope)
    credential = connection.credential

    def planned(change: Change, file: Path, text: str) -> Change:
        path = (*client.section, name)
        values = client.document.read(text)
        existing = find(values, path)
        if existing is not None and not _is_ours(client, machine, existing):
            raise Unreadable(f"it has another kind of entry called {name}; choose another --name")
        entry = client.shape.write(connection)
        if existing is None:
            entry = {**entry, **client.shape.at_first(name)}
        start = text if values else _start(client.document, text, client.new_file)
        changed = put_entry(client.document, start, path, entry, client.shape.owned)
        if client.asks_for_keys:
            changed = _with_inputs(client.document, changed, text, credential)
        status: Status = "unchanged" if changed == text else "added" if existing is None else "updated"
        key = credential.value if isinstance(credential, Key) else None
        variable = credential.name if isinstance(credential, Variable) else None
        return replace(change, status=status, after=changed.encode(), key=key, variable=variable)

    return _planned(client, machine, scope, name, planned)


def plan_remove(client: Client, machine: Machine, scope: Scope, name: str, journal: Journal) -> Change:
    """Take the entry out, and give back the very file from before when nothing else changed since."""

    def planned(change: Change, file: Path, text: str) -> Change:
        path = (*client.section, name)
        existing = find(client.document.read(text), path)
        if existing is None:
            return change
        if not _is_ours(client, machine, existing):
            raise Unreadable(f"its entry {name} is not one of this command")
        record = journal.current(file, name, change.before)
        if record is not None:
            return replace(change, status="removed", after=journal.before(file, name, record))
        changed = take_entry(client.document, text, path)
        if client.asks_for_keys:
            changed = _without_input(client.document, changed, text)
        return replace(change, status="removed", after=changed.encode())

    return _planned(client, machine, scope, name, planned)


def _planned(
    client: Client, machine: Machine, scope: Scope, name: str, decide: Callable[[Change, Path, str], Change]
) -> Change:
    file = client.file(machine, scope)
    change = Change(client, scope, name, "absent", file)
    if file is None:
        return replace(change, status="refused", reason=f"{client.title} has no configuration for this folder alone")
    try:
        change = replace(change, before=files.read(file))
        content = files.decode(change.before or b"")
        mark = _BOM if content.startswith(_BOM) else ""
        change = decide(change, file, content.removeprefix(_BOM))
        if change.writes:
            files.check_writable(file)
    except Unreadable as error:
        return Change(client, scope, name, "refused", file, reason=str(error))
    except CannotRefer:
        reason = f"{client.title} reads keys from its own file only: use --oauth, or --scope user without --key-env"
        return Change(client, scope, name, "refused", file, reason=reason)
    if mark and change.after is not None and not change.after.startswith(_BOM.encode()):
        change = replace(change, after=_BOM.encode() + change.after)
    return change


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


def _with_inputs(document: Document, text: str, before: str, credential: Key | Variable | None) -> str:
    """Ask for what the entry refers to, and no longer for what it referred to before."""
    if isinstance(credential, Variable):
        text = _with_input(document, text, credential.name)
    return _without_input(document, text, before)


def _with_input(document: Document, text: str, name: str) -> str:
    inputs = find(document.read(text), ("inputs",))
    listed = inputs if isinstance(inputs, list) else []
    if any(find(item, ("id",)) == name for item in listed):
        return text
    asked: JsonObject = {"type": "promptString", "id": name, "description": "Speko API key", "password": True}
    return put_entry(document, text, ("inputs", len(listed)), asked)


def _without_input(document: Document, text: str, before: str) -> str:
    """Take out the questions that only the entry needed."""
    inputs = find(document.read(text), ("inputs",))
    for at, item in reversed(list(enumerate(inputs if isinstance(inputs, list) else []))):
        reference = f"${{input:{find(item, ('id',))}}}"
        if reference in before and reference not in text:
            text = take_entry(document, text, ("inputs", at))
    return text
