"""What a person wants of `speko init`, from options or asked for."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click

from speko_mcp.cli.clients import CLIENTS, Client, Scope
from speko_mcp.cli.clients.shapes import Connection, Key, Variable
from speko_mcp.cli.journal import Journal
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.plan import DEFAULT_VARIABLE, Change, plan_add, plan_remove

_KEY = re.compile(r"[\x21-\x7e]{8,512}")
_SCOPES: tuple[Scope, ...] = ("user", "project")


@dataclass(frozen=True)
class Wishes:
    """The options. None is open: it is asked for, or the default is taken. No clients means those found."""

    clients: tuple[Client, ...]
    uses_oauth: bool | None
    scope: Scope | None
    url: str
    name: str
    key_env: str
    asks: bool


def this_machine() -> Machine:
    """Where the command runs."""
    return Machine(Path.home(), Path.cwd(), sys.platform, os.environ)


def changes_to_make(wishes: Wishes, machine: Machine, journal: Journal, *, remove: bool) -> list[Change]:
    """The plan for every client that is meant."""
    if remove:
        scopes = (wishes.scope,) if wishes.scope else _SCOPES
        pairs = [(client, scope) for client in wishes.clients or CLIENTS for scope in scopes]
        removals = [plan_remove(client, machine, scope, wishes.name, journal) for client, scope in pairs]
        return [change for change in removals if change.file is not None and change.status != "absent"]
    clients = wishes.clients or _found(machine, asks=wishes.asks)
    uses_oauth = wishes.uses_oauth if wishes.uses_oauth is not None or not wishes.asks else _ask_sign_in()
    scope = wishes.scope or (_ask_scope() if wishes.asks else "user")
    connection = Connection(wishes.url, None if uses_oauth in (True, None) else _credential(wishes, scope))
    return [plan_add(client, machine, scope, wishes.name, connection) for client in clients]


def _found(machine: Machine, *, asks: bool) -> Sequence[Client]:
    found = [client for client in CLIENTS if client.is_installed(machine)]
    if not asks:
        return found
    for number, client in enumerate(CLIENTS, 1):
        click.echo(f"{number:>3}  {client.title}" + ("  (found)" if client in found else ""))
    default = ",".join(str(CLIENTS.index(client) + 1) for client in found)
    return _chosen(str(click.prompt("Which clients", default=default or None, value_proc=_numbers)))


def _chosen(numbers: str) -> Sequence[Client]:
    return [CLIENTS[int(number) - 1] for number in dict.fromkeys(numbers.split(","))]


def _numbers(answer: str) -> str:
    numbers = answer.replace(" ", "").strip(",").split(",")
    if any(not number.isdecimal() or not 0 < int(number) <= len(CLIENTS) for number in numbers):
        raise click.BadParameter("Numbers from the list, with commas between them.")
    return ",".join(numbers)


def _ask_sign_in() -> bool:
    click.echo("OAuth: the client opens the browser, and no key is stored. API key: for machines without a browser.")
    return bool(click.prompt("Sign in with", type=click.Choice(["oauth", "api-key"]), default="oauth") == "oauth")


def _ask_scope() -> Scope:
    return cast(Scope, click.prompt("For you, or for this folder only", type=click.Choice(_SCOPES), default="user"))


def _credential(wishes: Wishes, scope: Scope) -> Key | Variable:
    """A reference where one is wanted or a key must not be written; else the key."""
    if wishes.key_env or scope == "project":
        return Variable(wishes.key_env or DEFAULT_VARIABLE)
    key = os.environ.get(DEFAULT_VARIABLE, "")
    if not key and wishes.asks:
        key = str(click.prompt("API key (`speko keys create` makes one)", hide_input=True)).strip()
    if not _KEY.fullmatch(key):
        raise click.UsageError(f"Set {DEFAULT_VARIABLE} to an API key; `speko keys create` makes one.")
    return Key(key)
