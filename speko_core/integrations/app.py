"""What an app is: a declaration of its OAuth endpoints and of the actions it offers to tools."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from speko_core.integrations.api import Api, Judge
from speko_core.integrations.ports import Ports
from speko_core.integrations.sealing import Tokens
from speko_core.settings import Settings
from speko_core.types import JsonObject, JsonValue

ActionEffect = Literal["read", "write", "destroy"]


@dataclass(frozen=True)
class OAuthClient:
    """How this installation is known to an app: its client, where people consent, where codes become tokens.

    `scopes` are what the actions need; `identity_scopes` are asked for too and may come back under other names. `pkce`
    is off where an app turns a confidential client into a public one with it.
    """

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    pkce: bool
    auth_method: Literal["client_secret_basic", "client_secret_post"]
    identity_scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    extra: Mapping[str, str] = field(default_factory=dict)

    def granted(self, answer: JsonObject) -> list[str]:
        """What a token answer says was granted; one that does not say granted what was asked (RFC 6749 section 5.1)."""
        said = answer.get("scope")
        return sorted(said.split(self.scope_separator) if isinstance(said, str) else self.scopes)


@dataclass(frozen=True)
class Account:
    """The account at the app that was connected: its lasting id, and its name for people."""

    id: str
    label: str


@dataclass(frozen=True)
class ActionCall:
    """One call of one action. `values` are the model's arguments under what the tool's configuration fixes."""

    api: Api
    values: JsonObject
    key: str

    def text(self, name: str) -> str | None:
        """A value that is a text; None where it is absent or empty."""
        value = self.values.get(name)
        return value if isinstance(value, str) and value.strip() else None


@dataclass(frozen=True)
class ActionSpec:
    """One thing an app can do.

    `parameters` are JSON Schema properties the model fills, `settings` those the tool's `config` may fix. An action
    that does not `know_repeats` acts twice when it is sent twice, so we keep a record of it.
    """

    key: str
    title: str
    description: str
    effect: ActionEffect
    parameters: JsonObject
    required: tuple[str, ...]
    settings: JsonObject
    run: Callable[[ActionCall], Awaitable[JsonValue]]
    knows_repeats: bool
    timeout_s: float = 8.0

    def schema(self, config: JsonObject | None = None) -> JsonObject:
        """The JSON Schema of what is left to the model."""
        fixed = config or {}
        return {
            "type": "object",
            "properties": {name: value for name, value in self.parameters.items() if name not in fixed},
            "required": [name for name in self.required if name not in fixed],
        }

    @property
    def config_schema(self) -> JsonObject:
        """The JSON Schema of a tool's `config`."""
        return {"type": "object", "properties": self.settings, "additionalProperties": False}


@dataclass(frozen=True)
class App:
    """An app that organizations may connect. `oauth` answers None until the operator registered a client for it."""

    key: str
    title: str
    description: str
    oauth: Callable[[Settings], OAuthClient | None]
    api_url: Callable[[Settings], str]
    judge: Judge
    account: Callable[[Ports, JsonObject], Awaitable[Account]]
    revoke: Callable[[Ports, Tokens], Awaitable[None]]
    actions: tuple[ActionSpec, ...]

    def action(self, key: str) -> ActionSpec | None:
        """One of its actions."""
        return next((action for action in self.actions if action.key == key), None)
