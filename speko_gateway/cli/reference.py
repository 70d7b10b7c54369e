"""Writes docs/cli.md from the commands themselves: `python -m speko_gateway.cli.reference docs/cli.md`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from speko_gateway import exit_codes
from speko_gateway.cli.main import cli

WIDTH = 100
_INTRODUCTION = """# The `speko` command

This page is generated from the commands by `make docs`; a test keeps it true.

Every command that answers with data takes `--json` and then prints one JSON document on standard output (`speko up
--json`: one object per event). Sentences about failures go to standard error.

## Exit codes

| code | meaning |
|---|---|
"""


def render() -> str:
    """The whole page."""
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in exit_codes.MEANINGS.items())
    return _INTRODUCTION + codes + "".join(_section(context) for context in _contexts(cli, None, "speko"))


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


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
