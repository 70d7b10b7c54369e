"""`speko explain CODE`: what an error code means and what to do."""

import inspect
import sys
from dataclasses import asdict, dataclass

import click

from speko_core import errors
from speko_core.registry import OPERATIONS
from speko_gateway import exit_codes
from speko_gateway.cli.output import json_option, show_json, show_table


@dataclass(frozen=True)
class Meaning:
    """One documented use of an error code."""

    code: str
    status: int
    when: str
    where: str
    retryable: bool = False


def meanings() -> list[Meaning]:
    """Every documented code: those any request may get, then those of single operations."""
    general = [
        Meaning(
            kind.default_code, kind.status, (inspect.getdoc(kind) or "").splitlines()[0], "anywhere", kind.retryable
        )
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SpekoError) and "default_code" in vars(kind)
    ]
    retryable = {meaning.status for meaning in general if meaning.retryable}
    special = [
        Meaning(case.code, case.status, case.when, operation.id, case.status in retryable)
        for operation in OPERATIONS
        for case in operation.errors
    ]
    return general + special


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
