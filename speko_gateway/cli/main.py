"""Entry of the `speko` command: finds the command, and turns failures into sentences and exit codes."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

import click

from speko_core.errors import ConfigurationError, SpekoError
from speko_gateway import exit_codes

# Loading a command's module costs memory and time, so `speko up` must not load the others.
COMMANDS = {
    "up": ("up", "Run everything: web, jobs and worker under one supervisor."),
    "web": ("roles", "Run the web role: REST, MCP, dashboard and talk page."),
    "jobs": ("jobs", "Run the jobs role, or see what it did."),
    "worker": ("roles", "Run the voice worker."),
    "init": ("init", "Connect coding agents on this machine to this server."),
    "doctor": ("doctor", "Check this machine and this installation, and say how to fix what is wrong."),
    "talk": ("talk", "Talk to an agent with a WAV file instead of a microphone."),
    "keys": ("keys", "Create, list and revoke API keys."),
    "agents": ("agents", "See the agents."),
    "route": ("route", "See why calls go where they go."),
    "bench": ("bench", "Measure providers with your own data, and route by what was found."),
    "sign-in-link": ("sign_in_link", "Make a one-time link to the dashboard."),
    "openapi": ("openapi", "Print the OpenAPI document."),
    "migrate": ("migrate", "Move voice agents here from other platforms."),
    "explain": ("explain", "Explain an error code."),
}


class LazyGroup(click.Group):
    """Commands by name; a command's module is imported when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module that holds the command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"speko_gateway.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("speko"), prog_name="speko")
def cli() -> None:
    """Speko: a self-hosted voice-AI platform.

    Every setting is an environment variable; docs/operations.md lists them. Exit codes are in docs/cli.md.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        cli.main(args=list(arguments) if arguments is not None else None, prog_name="speko")
    except ConfigurationError as error:
        _fail(str(error), exit_codes.CONFIGURATION)
    except SpekoError as error:
        _fail(f"{error.message} ({error.code})" + (f" {error.hint}" if error.hint else ""), exit_codes.FAILED)


def _fail(sentence: str, code: int) -> None:
    click.echo(sentence, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
