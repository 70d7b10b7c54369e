"""`speko bench` for real: offline voices, offline recognition, and the commands of docs/benchmarks.md."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from speko_core.deps import Deps
from speko_gateway import exit_codes
from speko_gateway.cli.main import main
from tests.bench.bench_kit import speech_folder
from tests.gateway.oneshot_door import MASTER_KEY, bare_deps

__all__ = ["bare_deps"]
PAGE = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
Run = Callable[..., Any]


@pytest.fixture
def home(bare_deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation, and the folder to work in."""
    monkeypatch.chdir(bare_deps.settings.data_dir)
    monkeypatch.setenv("SPEKO_DATA_DIR", str(bare_deps.settings.data_dir))
    monkeypatch.setenv("SPEKO_MASTER_KEY", MASTER_KEY)
    return bare_deps.settings.data_dir


def run(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(("bench", *arguments))
    return ended.value.code


def test_the_commands_of_the_page_do_what_it_says(home: Path) -> None:
    """RTE-14, OPS-6: data written, measured with offline voices, published from the file that was kept."""
    synthesis, tasks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def shell(script: str, answer: str = "") -> str:
        ran = subprocess.run(
            ["bash", "-ec", script], env=environment, input=answer, capture_output=True, text=True, timeout=100
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    told = shell(synthesis.replace("report.html", "result.json"))
    assert re.search(r"^local:flite +\d+\.\d +\d+\.\d to \d+\.\d .* 10 +0 +offline$", told, re.MULTILINE)
    kept = json.loads((home / "result.json").read_text())
    assert (kept["recognizer"], len(kept["calls"]), kept["interrupted"]) == ("local:sphinx-free", 10, False)
    assert kept["candidates"][0]["quality"][0]["value"] < 20
    published = shell("speko bench publish result.json", "y\n")
    assert re.search(r"^local:flite +- -> \d", published, re.MULTILINE)
    assert re.search(r"scores_\w+ is active; before it was scores_\w+\.\n", published)
    assert "local:flite (1.0)" in published
    assert "simulated, offline" in shell(tasks)
    assert "measured" in shell("speko route explain --modality tts")


def test_a_page_lines_up_and_holds_no_script(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """RTE-14: one column below the other; a report needs nothing from anywhere."""
    (home / "tasks").mkdir()
    (home / "tasks" / "tasks.jsonl").write_text('{"id": "a", "user": "<b>Hello</b>", "expect": {"no_tool": true}}\n')
    asked = ("--modality", "llm", "--data", "tasks", "--language", "en", "--out", "report.html")
    assert run("run", *asked) == exit_codes.OK
    header, line = capsys.readouterr().out.splitlines()[1:3]
    assert [found.start() for found in re.finditer(r"\S+(?: \S+)*", header)] == [
        found.start() for found in re.finditer(r"\S+(?: \S+)*", line)
    ][: len(re.findall(r"\S+(?: \S+)*", header))]
    report = (home / "report.html").read_text()
    assert report.count("<svg") == 2
    assert not re.search(r"<script|https?:|src=|<b>", report)
    assert run("run", *asked, "--publish", "--yes") == exit_codes.FAILED
    assert "sandbox:sandbox-1 is left out: it is simulated." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--providers", "nobody"), exit_codes.FAILED, "'nobody' is no provider or provider:model for stt."),
        (("--providers", "deepgram"), exit_codes.FAILED, "cannot be measured: no provider key is configured."),
        (("--language", "es"), exit_codes.FAILED, "No stt model can be called for es."),
        (("--language", "english"), exit_codes.USAGE, "--language"),
        (("--out", "report.pdf"), exit_codes.USAGE, "must end in .html or .json"),
        (("--publish", "--json"), exit_codes.USAGE, "--json cannot ask"),
        (("--data", "empty"), exit_codes.FAILED, "empty: there is nothing to measure with."),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_called(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """RTE-14"""
    for folder in ("speech", "empty"):
        (home / folder).mkdir()
    speech_folder(home / "speech", ["hello"])
    assert run("run", "--modality", "stt", "--data", "speech", "--language", "en", *arguments) == code
    assert sentence in capsys.readouterr().err


def test_ctrl_c_keeps_what_was_measured(home: Path) -> None:
    """RTE-14: shown and written, with an exit code of its own; the bar on the terminal says how far it is."""
    (home / "texts.txt").write_text("I would like to book an appointment.\n" * 500)
    command = [sys.executable, "-m", "speko_gateway.cli.main", "bench", "run", "--modality", "tts", "--data", "."]
    options = ["--language", "en", "--providers", "local:flite", "--out", "kept.json"]
    screen, terminal = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=terminal, env=environment) as running:
        os.close(terminal)
        _read_until(screen, rb" [1-9]\d*/500")
        running.send_signal(signal.SIGINT)
        told, _ = running.communicate(timeout=60)
    os.close(screen)
    kept = json.loads((home / "kept.json").read_text())
    assert (running.returncode, kept["interrupted"]) == (exit_codes.INTERRUPTED, True)
    assert 0 < len(kept["calls"]) < 500
    assert b"INTERRUPTED" in told


def _read_until(screen: int, pattern: bytes, within_s: float = 60.0) -> None:
    """Read what a terminal shows until it matches."""
    shown, give_up_at = b"", time.monotonic() + within_s
    while not re.search(pattern, shown):
        ready, _, _ = select.select([screen], [], [], max(0.0, give_up_at - time.monotonic()))
        assert ready, shown[-200:]
        shown += os.read(screen, 65_536)
