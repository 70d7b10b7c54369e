"""Writes what the documentation says about commands and settings: `python -m speko_gateway.cli.reference docs`.

docs/cli.md is generated whole; docs/operations.md has one generated table between two markers.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from speko_core.settings import Settings
from speko_gateway import exit_codes
from speko_gateway.cli.main import cli

WIDTH = 100
BEGIN, END = "<!-- settings, by make docs -->\n", "<!-- end -->\n"
_INTRODUCTION = """# The `speko` command

This page is generated from the commands by `make docs`; a test keeps it true.

Every command that answers with data takes `--json` and then prints one JSON document on standard output (`speko up
--json`: one object per event). Sentences about failures go to standard error.

## Exit codes

| code | meaning |
|---|---|
"""


def commands() -> str:
    """The whole page about the commands."""
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in exit_codes.MEANINGS.items())
    return _INTRODUCTION + codes + "".join(_section(context) for context in _contexts(cli, None, "speko"))


def with_settings(page: str) -> str:
    """The page with its table of settings as the code has them."""
    before, _, rest = page.partition(BEGIN)
    rows = "".join(_row(name, field) for name, field in Settings.model_fields.items())
    return f"{before}{BEGIN}\n| variable | default | meaning |\n|---|---|---|\n{rows}\n{END}{rest.partition(END)[2]}"


def _row(name: str, field: FieldInfo) -> str:
    unset = field.default in (None, "", PydanticUndefined)
    default = "" if unset else f"`{field.default}`"
    return f"| `SPEKO_{name.upper()}` | {default} | {field.description} |\n"


def _contexts(command: click.Command, parent: click.Context | None, name: str) -> Iterator[click.Context]:
    context = click.Context(command, parent, name, terminal_width=WIDTH, **command.context_settings)
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from _contexts(found, context, child)


def _section(context: click.Context) -> str:
    return f"\n## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"


def main(folder: Path) -> None:
    """Write both pages."""
    (folder / "cli.md").write_text(commands())
    operations = folder / "operations.md"
    operations.write_text(with_settings(operations.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
