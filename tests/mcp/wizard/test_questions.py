"""`speko init` with a person at a terminal: a real one, with the real command."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.mcp.wizard.crowded import KEY
from tests.mcp.wizard.person import Person

LIMIT_S = 30


class Terminal:
    """A command that believes it talks to a person."""

    def __init__(self, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        command = [Path(sys.executable).parent / "speko", "init", *arguments]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.said = ""

    def answer(self, question: str, line: str) -> None:
        """Wait for a question, and type the answer."""
        deadline = time.monotonic() + LIMIT_S
        while question not in self.said:
            assert time.monotonic() < deadline, self.said
            self.said += self._read()
        self.said = self.said.partition(question)[2]
        os.write(self.master, f"{line}\n".encode())

    def end(self) -> int:
        """Its exit code; what it said last is in `said`."""
        deadline = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.said
            self.said += self._read()
        self.said += self._read()
        os.close(self.master)
        return self.process.returncode

    def _read(self) -> str:
        try:
            return os.read(self.master, 65536).decode()
        except BlockingIOError:
            time.sleep(0.02)
            return ""
        except OSError:  # Linux ends a terminal without programs this way.
            return ""


def test_a_person_is_asked_and_sees_the_difference_first(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """MCP-1"""
    monkeypatch.delenv("SPEKO_API_KEY")
    (person.home / ".cursor").mkdir()
    terminal = Terminal()
    terminal.answer("Which clients [4]", "2, 4")
    terminal.answer("Sign in with", "api-key")
    terminal.answer("For you, or for this folder only", "user")
    terminal.answer("API key", KEY)
    terminal.answer("Write this?", "y")
    assert terminal.end() == 0
    assert KEY not in terminal.said
    assert set(person.files()) == {"home/.codex/config.toml", "home/.cursor/mcp.json"}
    assert all(KEY.encode() in content for content in person.files().values())


def test_no_means_no(person: Person) -> None:
    """MCP-1"""
    terminal = Terminal("--client", "cursor", "--oauth", "--scope", "user")
    terminal.answer("Write this?", "n")
    assert terminal.end() == 1
    assert person.files() == {}
