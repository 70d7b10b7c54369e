"""Templates to HTML answers: the filters pages use, and the one function that makes a page."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from speko_core.late import LateModule

if TYPE_CHECKING:
    import jinja2
else:
    # Two megabytes that only who looks at a page needs.
    jinja2 = LateModule("jinja2")

FOLDER = Path(__file__).parent
NAVIGATION = (
    ("Overview", "/"),
    ("Talk", "/talk"),
    ("Sessions", "/sessions"),
    ("Integrations", "/integrations"),
    ("API keys", "/keys"),
    ("Settings", "/settings"),
)


def when(value: str | datetime | None) -> str:
    """A time in UTC to the minute, or a dash."""
    moment = _moment(value)
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "–"


def iso(value: str | datetime | None) -> str:
    """A time as the `datetime` attribute wants it."""
    moment = _moment(value)
    return moment.isoformat() if moment else ""


def duration(seconds: float | None) -> str:
    """Minutes and seconds, or a dash."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _moment(value: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@cache
def _templates() -> "jinja2.Environment":
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        # A page that forgot a value fails in tests instead of showing a hole.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters.update(when=when, iso=iso, duration=duration)
    environment.globals.update(navigation=NAVIGATION)
    return environment


def html(template: str, context: Mapping[str, object], headers: Mapping[str, str], status: int = 200) -> HTMLResponse:
    """Render `template`. The frame's own variables (`viewer`, `current`, `flash`, `csrf`) default to none."""
    frame = {"viewer": None, "current": "", "flash": None, "csrf": ""}
    body = _templates().get_template(template).render({**frame, **context})
    return HTMLResponse(body, status_code=status, headers=dict(headers))
