"""`speko explain CODE`: what an error code means and what to do."""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from speko_core import errors
from speko_core.oneshot.openapi import openapi_paths
from speko_core.registry import OPERATIONS
from speko_core.types import JsonObject, JsonValue
from speko_gateway import exit_codes
from speko_gateway.cli.output import json_option, show_json, show_table

# Streams document a failure as `CODE`: when it happens.
_CODE = re.compile(r"`([A-Z][A-Z_]+)`: ([^`;]+)")
_REQUIREMENT = re.compile(r" \([A-Z]+-\d+\)")


@dataclass(frozen=True)
class Meaning:
    """One documented use of an error code."""

    code: str
    status: int
    when: str
    where: str
    retryable: bool = False


def meanings() -> list[Meaning]:
    """Every documented code: those any request may get, then those of single operations and streams."""
    general = [
        Meaning(kind.default_code, kind.status, _first_line(kind), "anywhere", kind.retryable)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SpekoError) and "default_code" in vars(kind)
    ]
    special = [
        Meaning(case.code, case.status, case.when, operation.id, _is_retryable(case.status))
        for operation in OPERATIONS
        for case in operation.errors
    ]
    return [*general, *special, *_of_streams()]


def _of_streams() -> Iterator[Meaning]:
    for path, item in _objects(dict(openapi_paths())):
        for method, described in _objects(item):
            for status, response in _objects(described.get("responses")):
                for code, when in _CODE.findall(str(response.get("description", ""))):
                    where = f"{method.upper()} {path}"
                    yield Meaning(code, int(status), when.strip(), where, _is_retryable(int(status)))


def _objects(value: JsonValue) -> Iterator[tuple[str, JsonObject]]:
    """The members of an object that are objects themselves."""
    members = value.items() if isinstance(value, dict) else ()
    return ((name, member) for name, member in members if isinstance(member, dict))


def _is_retryable(status: int) -> bool:
    return any(kind.status == status and kind.retryable for kind in errors.SpekoError.__subclasses__())


def _first_line(kind: type) -> str:
    return _REQUIREMENT.sub("", (inspect.getdoc(kind) or "").splitlines()[0])


@click.command(short_help="Explain an error code.")
@click.argument("code", required=False)
@json_option
def explain(code: str | None, as_json: bool) -> None:
    """Explain an error code, such as AGENT_NAME_CONFLICT; without one, list them all."""
    found = [meaning for meaning in meanings() if code is None or meaning.code == code.upper()]
    if as_json:
        show_json({"meanings": [asdict(meaning) for meaning in found]})
    elif found:
        rows = [(m.code, str(m.status), "yes" if m.retryable else "no", m.where, m.when) for m in found]
        show_table(("code", "status", "retry", "where", "when"), rows, "")
    else:
        click.echo(f"There is no error code {code}; `speko explain` lists them.", err=True)
    sys.exit(exit_codes.OK if found else exit_codes.FAILED)
