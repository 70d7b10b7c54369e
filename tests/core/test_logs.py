"""Log lines: JSON, static message, attributes, request id, and nothing that a person said."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from speko_core.logs import configure_logging, request_scope
from speko_core.settings import Settings

SECRET = "my card is 4242"


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """Logging of a role, into a file; the test runner's own handlers come back afterwards."""
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging(Settings(data_dir=tmp_path, log_to="files", log_level="debug"), "web")
    yield tmp_path / "logs" / "web.log"
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_line_holds_message_attributes_role_and_request_id(log_file: Path) -> None:
    """OPS-3: structured logs with request ids."""
    with request_scope("req_1"):
        logging.getLogger("speko_core.agents").info("agent created", extra={"agent_id": "agent_1"})
    line = lines(log_file)[0]
    assert line | {"ts": ""} == {
        "ts": "",
        "level": "info",
        "role": "web",
        "logger": "speko_core.agents",
        "message": "agent created",
        "request_id": "req_1",
        "agent_id": "agent_1",
    }
    assert str(line["ts"]).endswith("Z")


def test_values_of_other_packages_stay_out(log_file: Path) -> None:
    """OPS-3: no personal content: a library's arguments and attributes may hold it."""
    logging.getLogger("somebody.else").warning("said %s", SECRET, extra={"transcript": SECRET})
    assert lines(log_file)[0]["message"] == "said %s"
    assert SECRET not in log_file.read_text()


def test_a_trace_has_types_and_places_but_not_the_text_of_foreign_exceptions(log_file: Path) -> None:
    """OPS-3: an exception may quote what somebody said."""
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise RuntimeError(SECRET) from error
    except RuntimeError:
        logging.getLogger("speko_core").exception("it failed")
    error = lines(log_file)[0]["error"]
    assert isinstance(error, list)
    assert [entry["type"] for entry in error] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert "test_logs.py" in error[0]["frames"][0]
    assert SECRET not in log_file.read_text()
