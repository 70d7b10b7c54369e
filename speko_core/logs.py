"""JSON logging: one line an event, a static message, values as attributes, the request id, never content.

Our own modules log `logger.info("static message", extra={"name": value})`. Of other packages' messages only the first
line of the template is written, without the values, because those may hold what a person said or typed. A trace is
written as its frames and exception types; the text of an exception is kept only where we or the operating system
wrote it.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

import orjson

from speko_core.errors import ConfigurationError, SpekoError
from speko_core.settings import Role, Settings

LOG_FILE_BYTES = 10_000_000
LOG_FILES_KEPT = 3
LINES_BETWEEN_LOOKS = 256
_OURS = ("speko", "speko_core", "speko_gateway", "speko_mcp", "speko_worker")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_FRAMES = 12
_AS_TEXT = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_NON_STR_KEYS
)
_request_id: ContextVar[str] = ContextVar("speko_request_id", default="")


@contextmanager
def request_scope(request_id: str) -> Iterator[None]:
    """Put `request_id` on every line logged inside the block, also from tasks started there."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


def current_request_id() -> str:
    """The id of the request being served, or an empty string outside of one."""
    return _request_id.get()


def configure_logging(settings: Settings, role: Role) -> None:
    """Send every log line of this process through the JSON formatter.

    Raises:
        ConfigurationError: the log folder cannot be written.
    """
    handler = _handler(settings, role)
    handler.setFormatter(JsonFormatter(role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())
    # Looked up for every record and never written.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # documented: no look at the stack for the line that logged
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)


def _handler(settings: Settings, role: Role) -> logging.Handler:
    if settings.log_to == "stderr":
        return logging.StreamHandler(sys.stderr)
    folder = settings.data_dir / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _LogFile(folder / f"{role}.log", maxBytes=LOG_FILE_BYTES, backupCount=LOG_FILES_KEPT)
    except OSError as error:
        raise ConfigurationError(
            f"The log folder {folder} cannot be written ({error.strerror}); choose another with SPEKO_DATA_DIR."
        ) from None


class _LogFile(RotatingFileHandler):
    """A rotated file whose size is looked at now and then: the look costs more than writing the line."""

    def __init__(self, file: Path, *, maxBytes: int, backupCount: int) -> None:
        super().__init__(file, maxBytes=maxBytes, backupCount=backupCount)
        self._lines = 0

    def shouldRollover(self, record: logging.LogRecord) -> int:
        """True when it is full."""
        self._lines += 1
        return super().shouldRollover(record) if self._lines % LINES_BETWEEN_LOOKS == 1 else 0


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts, level, role, logger, message, request_id, then the attributes."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Render a record; attributes only from our own loggers."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "message": str(record.msg).partition("\n")[0],
        }
        if current_request_id():
            line["request_id"] = current_request_id()
        if record.name.partition(".")[0] in _OURS:
            line |= {key: value for key, value in vars(record).items() if key not in _STANDARD and key not in line}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = describe(record.exc_info[1])
        return _as_json(line)


def _as_json(line: dict[str, object]) -> str:
    try:
        return orjson.dumps(line, default=str, option=_AS_TEXT).decode()
    except TypeError:  # a number beyond 64 bits, half a surrogate pair
        return json.dumps(line, default=str, separators=(",", ":"))


def describe(error: BaseException) -> list[dict[str, object]]:
    """The chain of exceptions, innermost last: type, innermost frames, and the text where it is safe."""
    chain: list[dict[str, object]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 5:
        frames = traceback.extract_tb(current.__traceback__)[-_FRAMES:]
        entry: dict[str, object] = {
            "type": f"{type(current).__module__}.{type(current).__qualname__}",
            "frames": [f"{frame.filename}:{frame.lineno}:{frame.name}" for frame in frames],
        }
        if isinstance(current, ConfigurationError | SpekoError):
            entry["text"] = str(current)
        elif isinstance(current, OSError) and current.strerror:
            entry["text"] = current.strerror
        chain.append(entry)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain
