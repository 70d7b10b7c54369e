"""Configurations that cannot work: one clear sentence and a non-zero code, and nothing keeps running."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from speko_gateway.cli.main import main
from tests.ports import reserve_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

KEY = "c3Bla28tdGVzdC1tYXN0ZXIta2V5LTMyLWJ5dGVzISE="


def lost_key(folder: Path) -> dict[str, str]:
    (folder / "data").mkdir()
    (folder / "data" / "speko.sqlite").touch()
    return {}


def unreachable(folder: Path) -> dict[str, str]:
    port = reserve_ports()
    return {"SPEKO_DATABASE_URL": f"postgresql://me:secret@127.0.0.1:{port}/speko", "SPEKO_MASTER_KEY": KEY}


def no_folder(folder: Path) -> dict[str, str]:
    (folder / "file").touch()
    return {"SPEKO_DATA_DIR": str(folder / "file" / "data")}


CASES: list[tuple[str, Callable[[Path], dict[str, str]], str]] = [
    (
        "a database URL of no known kind",
        lambda _: {"SPEKO_DATABASE_URL": "mysql://me:secret@h/d"},
        "SPEKO_DATABASE_URL",
    ),
    ("an unreachable server", unreachable, "does not answer (nothing listens there)"),
    (
        "a server without a master key",
        lambda _: {"SPEKO_DATABASE_URL": "postgresql://h/d"},
        "SPEKO_MASTER_KEY is missing",
    ),
    ("a malformed master key", lambda _: {"SPEKO_MASTER_KEY": "short"}, "SPEKO_MASTER_KEY must be 32 bytes"),
    ("a database whose key file is lost", lost_key, "restore the key file"),
    ("a data folder that cannot be made", no_folder, "SPEKO_DATA_DIR"),
    ("a port that is no number", lambda _: {"SPEKO_PORT": "many"}, "SPEKO_PORT is not usable"),
]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """The role takes over logging; the test runner's own handlers come back afterwards."""
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.mark.parametrize(("configure", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_web_role_refuses(
    configure: Callable[[Path], dict[str, str]],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """OPS-1: the operator reads what to change."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEKO_LOG_TO", "files")
    for name, value in configure(tmp_path).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["web"])
    sentence = capsys.readouterr().err.strip()
    assert ended.value.code == 78
    assert words in sentence
    assert "\n" not in sentence
    assert "secret" not in sentence


def test_up_refuses_when_the_port_of_any_role_is_taken(tmp_path: Path) -> None:
    """OPS-1: an occupied port ends everything with one sentence, before anything is made."""
    base = reserve_ports()
    with closing(socket.create_server(("127.0.0.1", base + 2))):
        ended = up(tmp_path, SPEKO_PORT=str(base))
    refusals = [json.loads(line) for line in ended.stdout.splitlines() if '"refused"' in line]
    assert ended.returncode == 78
    assert [event["message"] for event in refusals] == [ended.stderr.strip()]
    assert f"Port {base + 2} of the worker role" in ended.stderr
    assert not (tmp_path / "data" / "speko.sqlite").exists()


def up(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPEKO_")}
    return subprocess.run(
        [sys.executable, "-m", "speko_gateway.cli.main", "up", "--json"],
        cwd=folder, env=environment | variables, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
