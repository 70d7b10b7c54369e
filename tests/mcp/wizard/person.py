"""A person at a terminal with a home folder of their own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from speko_gateway.cli.main import cli
from tests.mcp.wizard.crowded import KEY

OF_THE_MACHINE = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR", "SPEKO_PUBLIC_URL")


@dataclass(frozen=True)
class Said:
    """What the command left behind."""

    code: int
    output: str
    errors: str

    @property
    def answer(self) -> Any:
        """The JSON document."""
        return json.loads(self.output)

    def column(self, name: str, list_name: str = "changes") -> dict[str, str]:
        """One field of every line, by client."""
        return {line["client"]: line[name] for line in self.answer[list_name]}


@dataclass(frozen=True)
class Person:
    """Where they live and work."""

    home: Path
    project: Path
    init: Callable[..., Said]

    def files(self) -> dict[str, bytes]:
        """Everything in both folders, except what the command keeps for itself."""
        found = (path for path in self.home.parent.rglob("*") if path.is_file() or path.is_symlink())
        return {
            str(path.relative_to(self.home.parent)): path.read_bytes() for path in found if ".local" not in path.parts
        }


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A person on Linux, with no client installed and an API key in the environment."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    for variable in OF_THE_MACHINE:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("SPEKO_API_KEY", KEY)
    monkeypatch.chdir(project)

    def init(*arguments: str) -> Said:
        result = CliRunner(mix_stderr=False).invoke(cli, ["init", *arguments], prog_name="speko")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return Person(home, project, init)
