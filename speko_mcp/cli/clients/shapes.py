"""How clients write down a remote server: the forms their entries take, in both directions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli.merging.document import Path, find

AUTHORIZATION = ("headers", "Authorization")


@dataclass(frozen=True)
class Key:
    """An API key, written into the file."""

    value: str


@dataclass(frozen=True)
class Variable:
    """The name of the environment variable that holds the key."""

    name: str


@dataclass(frozen=True)
class Connection:
    """What a client needs to know. Without a credential it signs in with OAuth."""

    url: str
    credential: Key | Variable | None = None


@dataclass(frozen=True)
class Seen:
    """What an entry says. `bearer` is the key, None for OAuth; `missing` is a variable it needs and does not find."""

    url: str
    bearer: str | None = None
    missing: str | None = None


class CannotRefer(Exception):
    """The client reads keys from its file only, so there is no way to keep the key out of it."""


class Shape(Protocol):
    """One form of entries."""

    @property
    def owned(self) -> tuple[Path, ...]:
        """Members that this command takes out of an entry when they are no longer wanted."""
        ...

    def write(self, connection: Connection) -> JsonObject:
        """The entry.

        Raises:
            CannotRefer: the key is in a variable, which the client does not read.
        """
        ...

    def at_first(self, name: str) -> JsonObject:
        """What a new entry has besides, and a person may change later."""
        ...

    def read(self, entry: JsonObject, variables: Mapping[str, str]) -> Seen | None:
        """What an entry says; None when it is something else than a remote server."""
        ...


@dataclass(frozen=True)
class Remote:
    """An address and headers. `reference` is how the client writes a variable, `{}` for its name."""

    url: str = "url"
    reference: str | None = None
    always: JsonObject = field(default_factory=dict)
    new: JsonObject = field(default_factory=dict)
    with_key: JsonObject = field(default_factory=dict)

    @property
    def owned(self) -> tuple[Path, ...]:
        """The header with the key, and what comes with it."""
        return (AUTHORIZATION, *((name,) for name in self.with_key))

    def write(self, connection: Connection) -> JsonObject:
        """The entry."""
        entry: JsonObject = {**self.always, self.url: connection.url}
        if connection.credential is None:
            return entry
        bearer = f"Bearer {written(connection.credential, self.reference)}"
        return {**entry, **self.with_key, "headers": {"Authorization": bearer}}

    def at_first(self, name: str) -> JsonObject:
        """What a new entry has besides."""
        return self.new

    def read(self, entry: JsonObject, variables: Mapping[str, str]) -> Seen | None:
        """What an entry says."""
        url = entry.get(self.url)
        return seen(url, find(entry, AUTHORIZATION), self.reference, variables) if isinstance(url, str) else None


@dataclass(frozen=True)
class CodexTable:
    """Codex reads the key from a variable that it is told the name of, or from fixed headers."""

    @property
    def owned(self) -> tuple[Path, ...]:
        """Both places of the key."""
        return (("bearer_token_env_var",), ("http_headers", "Authorization"))

    def write(self, connection: Connection) -> JsonObject:
        """The table."""
        if isinstance(connection.credential, Variable):
            return {"url": connection.url, "bearer_token_env_var": connection.credential.name}
        if isinstance(connection.credential, Key):
            return {"url": connection.url, "http_headers": {"Authorization": f"Bearer {connection.credential.value}"}}
        return {"url": connection.url}

    def at_first(self, name: str) -> JsonObject:
        """Nothing."""
        return {}

    def read(self, entry: JsonObject, variables: Mapping[str, str]) -> Seen | None:
        """What a table says."""
        url, name = entry.get("url"), entry.get("bearer_token_env_var")
        if not isinstance(url, str):
            return None
        if isinstance(name, str):
            return Seen(url, variables.get(name), None if variables.get(name) else name)
        return seen(url, find(entry, ("http_headers", "Authorization")), None, variables)


@dataclass(frozen=True)
class Bridge:
    """For clients that start local programs only: `mcp-remote` from npm, which speaks to the server."""

    @property
    def owned(self) -> tuple[Path, ...]:
        """The variable with the key."""
        return (("env", "SPEKO_AUTHORIZATION"),)

    def write(self, connection: Connection) -> JsonObject:
        """The program and its arguments. The key is not among them, because arguments are visible to other users."""
        arguments: list[JsonValue] = ["-y", "mcp-remote", connection.url]
        if connection.url.startswith("http://"):
            arguments.append("--allow-http")
        if connection.credential is None:
            return {"command": "npx", "args": arguments}
        # No blank after the colon: on Windows an argument with a blank is cut in two.
        arguments += ["--header", "Authorization:${SPEKO_AUTHORIZATION}"]
        environment: JsonObject = {"SPEKO_AUTHORIZATION": f"Bearer {written(connection.credential, None)}"}
        return {"command": "npx", "args": arguments, "env": environment}

    def at_first(self, name: str) -> JsonObject:
        """Nothing."""
        return {}

    def read(self, entry: JsonObject, variables: Mapping[str, str]) -> Seen | None:
        """What an entry says, if it starts the bridge."""
        arguments = entry.get("args")
        if not isinstance(arguments, list) or "mcp-remote" not in arguments[:-1]:
            return None
        url = arguments[arguments.index("mcp-remote") + 1]
        return seen(str(url), find(entry, ("env", "SPEKO_AUTHORIZATION")), None, variables)


def written(credential: Key | Variable, reference: str | None) -> str:
    """The key, or the reference to it.

    Raises:
        CannotRefer: there is no way to write a reference.
    """
    if isinstance(credential, Key):
        return credential.value
    if reference is None:
        raise CannotRefer
    return reference.replace("{}", credential.name)


def seen(url: str, header: JsonValue, reference: str | None, variables: Mapping[str, str]) -> Seen:
    """An address with the key of a header, after references in it are followed."""
    if not isinstance(header, str):
        return Seen(url)
    bearer = header.removeprefix("Bearer ")
    pattern = re.escape(reference).replace(re.escape("{}"), r"(\w+)") if reference else r"(?!)"
    found = re.fullmatch(pattern, bearer)
    if found is None:
        return Seen(url, bearer)
    name = found.group(1)
    return Seen(url, variables.get(name), None if variables.get(name) else name)
