"""`--check`: whether what is configured works, tried from here with the configured credentials."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import httpx

from speko_mcp.cli import files
from speko_mcp.cli.address import is_loopback, is_same_server
from speko_mcp.cli.clients import Client, Scope
from speko_mcp.cli.clients.shapes import Seen
from speko_mcp.cli.handshake import TIMEOUT_S, Failed, SignInNeeded, count_tools
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.merging.document import Unreadable, find

State: TypeAlias = Literal["ok", "sign in", "failed"]


@dataclass(frozen=True)
class Configured:
    """One entry that was found; `seen` is None where the file cannot be read."""

    client: Client
    scope: Scope
    file: Path
    seen: Seen | None


@dataclass(frozen=True)
class Checked:
    """What came of trying one entry."""

    entry: Configured
    state: State
    detail: str
    fix: str = ""


def configured(clients: Sequence[Client], machine: Machine, name: str) -> Iterator[Configured]:
    """Every entry of this name, of people and of the project."""
    for client in clients:
        for scope in get_args(Scope):
            file = client.file(machine, scope)
            if file is None:
                continue
            try:
                values = client.document.read(files.decode(files.read(file) or b"").removeprefix("\ufeff"))
            except Unreadable:
                yield Configured(client, scope, file, None)
                continue
            entry = find(values, (*client.section, name))
            if isinstance(entry, dict):
                yield Configured(client, scope, file, client.shape.read(entry, machine.variables))


async def check(entries: Sequence[Configured], name: str, expected_url: str) -> list[Checked]:
    """Try each entry, one after the other.

    A project's file may come from anybody, so a key from the environment is sent to `expected_url`'s server or to this
    machine only.
    """
    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as http:
        return [await _check_one(http, entry, name, expected_url) for entry in entries]


async def _check_one(http: httpx.AsyncClient, entry: Configured, name: str, expected_url: str) -> Checked:
    seen = entry.seen
    if seen is None:
        return Checked(entry, "failed", "The entry cannot be read.", "Mend the file, or remove the entry by hand.")
    if seen.missing:
        fix = f"export {seen.missing}=sk_live_..., where the client starts too."
        if entry.client.asks_for_keys:
            fix = f"{entry.client.title} asks for the key itself; set {seen.missing} here to try it."
        return Checked(entry, "failed", f"The variable {seen.missing} is not set here.", fix)
    if seen.bearer and not (seen.bearer.isascii() and seen.bearer.isprintable()):
        return Checked(
            entry, "failed", "The key has letters that no key has.", "Set it again, without anything around it."
        )
    if (
        entry.scope == "project"
        and seen.bearer
        and not (is_loopback(seen.url) or is_same_server(seen.url, expected_url))
    ):
        fix = "If you trust it, run it again with --url and this address."
        return Checked(entry, "failed", "The project names another server; no key was sent to it.", fix)
    try:
        tools = await count_tools(http, seen.url, seen.bearer)
    except SignInNeeded:
        fix = entry.client.sign_in.replace("{name}", name)
        return Checked(entry, "sign in", "The server answers, and waits for the client to sign in.", f"Then {fix}.")
    except Failed as error:
        return Checked(entry, "failed", str(error), error.fix)
    return Checked(entry, "ok", f"{tools} tools")
