"""`speko keys`: API keys of this installation."""

import click

from speko_core.accounts.operations import KEYS_CREATE, KEYS_LIST, KEYS_REVOKE
from speko_core.types import JsonValue
from speko_gateway.cli.local import call, organization_option
from speko_gateway.cli.output import json_option, show_json, show_table, text


@click.group(short_help="Create, list and revoke API keys.")
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command()
@click.option("--name", default="Command line", show_default=True, help="What the key is for.")
@click.option("--test", "is_test", is_flag=True, help="A test key: offline providers only, never billed.")
@click.option("--scope", "scopes", multiple=True, help="A scope to hold; repeat it. Default: every scope.")
@organization_option
@json_option
def create(name: str, is_test: bool, scopes: tuple[str, ...], organization: str | None, as_json: bool) -> None:
    """Create a key and show it, this once."""
    raw = {"name": name, "mode": "test" if is_test else "live", **({"scopes": list(scopes)} if scopes else {})}
    created = call(KEYS_CREATE, raw, organization)
    if as_json:
        show_json(created)
        return
    assert isinstance(created, dict)
    click.echo(str(created["key"]))
    click.echo("It is shown this once; only its first characters are stored in the clear.", err=True)


@keys.command(name="list")
@organization_option
@json_option
def list_(organization: str | None, as_json: bool) -> None:
    """List keys, newest first, without their values."""
    answer = call(KEYS_LIST, {}, organization)
    if as_json:
        show_json(answer)
        return
    assert isinstance(answer, dict)
    assert isinstance(answer["keys"], list)
    columns = ("id", "name", "key", "state", "created", "last used")
    show_table(columns, [_row(key) for key in answer["keys"]], "There are no keys; `speko keys create` makes one.")


@keys.command()
@click.argument("key_id")
@organization_option
@json_option
def revoke(key_id: str, organization: str | None, as_json: bool) -> None:
    """Revoke the key with this id. It stops working within seconds, everywhere."""
    answer = call(KEYS_REVOKE, {"id": key_id}, organization)
    if as_json:
        show_json(answer)
        return
    click.echo(f"Revoked {key_id}.")


def _row(key: JsonValue) -> tuple[str, ...]:
    assert isinstance(key, dict)
    state = "revoked" if key["revokedAt"] else "active"
    return (
        text(key, "id"),
        text(key, "name"),
        f"{key['displayPrefix']}…",
        state,
        text(key, "createdAt"),
        text(key, "lastUsedAt"),
    )
