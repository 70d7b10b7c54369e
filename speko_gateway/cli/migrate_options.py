"""What the commands of `speko migrate` share: their arguments, and reading the files that are named."""

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import click

from speko_core.errors import InvalidInput
from speko_core.migration.documents import File
from speko_core.migration.parse import Outcome, parse_files
from speko_core.migration.workspace import select_files

P = ParamSpec("P")
paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
platform_option = click.option("--platform", help="Only this platform, such as vapi; absent detects it.")


def build_options(command: Callable[P, None]) -> Callable[P, None]:
    """The choices of build, apply and verify."""
    for option in reversed(
        (
            click.option("--name", help="Name of the new agent."),
            click.option("--language", help="BCP-47, when the source names none."),
            click.option("--graph", type=click.Choice(["staged", "linked"]), default="staged", show_default=True),
            click.option("--providers", type=click.Choice(["keep", "any"]), default="keep", show_default=True),
        )
    ):
        command = option(command)
    return command


def read_files(paths: tuple[Path, ...], platform: str | None) -> Outcome:
    """What is in these files and folders.

    Raises:
        InvalidInput: nothing was recognized, with the reasons.
    """
    files: list[File] = []
    for path in paths:
        if path.is_dir():
            files += select_files(path)
        else:
            files.append(File(path.name, path.read_bytes()))
    outcome = parse_files(files, platform)
    if not outcome.parsed:
        reasons = " ".join(f"{item.path}: {item.reason}" for item in outcome.refused[:5])
        raise InvalidInput(f"Nothing was read. {reasons}")
    return outcome
