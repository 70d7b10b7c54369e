"""`inspect_workspace`: what a set of files holds of other platforms, and in which order to migrate it (MIG-1)."""

from collections.abc import Iterable, Sequence

from speko_core.errors import InvalidInput, TooLarge
from speko_core.migration import signals
from speko_core.migration.documents import File, text_of
from speko_core.migration.parse import candidates_of, check_bounds
from speko_core.migration.readers import READERS
from speko_core.migration.schemas import Finding, MigrationInspected, RefusedFile, Step
from speko_core.migration.secrets import scrub_text

_MAX_PER_FILE = 20
_TITLES = {reader.platform: reader.title for reader in reversed(READERS)}
_FORMATS = ("json", "yaml", "markdown")
_NOT_RECOGNIZED = "No voice agent"


def inspect_files(files: Sequence[File]) -> MigrationInspected:
    """Look through the files; unreadable ones are named with the reason and do not stop the rest.

    Raises:
        InvalidInput: too many files.
        TooLarge: over the limits together.
    """
    check_bounds(files)
    findings: list[Finding] = []
    refused: list[RefusedFile] = []
    for file in files:
        try:
            found, reasons = inspect_file(file)
        except (InvalidInput, TooLarge) as error:
            refused.append(RefusedFile(path=scrub_text(file.path), reason=error.message))
            continue
        findings += found
        refused += [RefusedFile(path=scrub_text(file.path), reason=reason) for reason in reasons]
    return MigrationInspected(
        findings=findings, plan=plan_of(findings), refused=refused, selected=selected_of(findings)
    )


def inspect_file(file: File) -> tuple[list[Finding], list[str]]:
    """What one file holds, and the reasons why something in it that looks like an agent is not read.

    Raises:
        InvalidInput: the file cannot be read.
        TooLarge: over the size limit.
    """
    name = file.path.rsplit("/", 1)[-1]
    text = text_of(file)
    if name.startswith(".env") or name.endswith(".env"):
        return _environment(file, text), []
    found: list[Finding] = []
    reasons: list[str] = []
    if file.format in _FORMATS and name not in signals.MANIFESTS:
        found, reasons = _configurations(file)
    if name in signals.MANIFESTS:
        found += _dependencies(file, text)
    elif file.format in ("python", "typescript", "xml", "text"):
        found, reasons = _code(file, text)
    found += _phone_numbers(file, text)
    return found, reasons


def _configurations(file: File) -> tuple[list[Finding], list[str]]:
    findings, reasons = [], []
    for candidate in candidates_of(file):
        detection = candidate.detection
        if detection.refused is None:
            title = _TITLES.get(detection.platform, detection.platform)
            findings.append(_finding(file, "configuration", detection.platform, f"{title}: {detection.kind}"))
        elif not detection.refused.startswith(_NOT_RECOGNIZED):
            reasons.append(detection.refused)
    return findings, reasons


def _code(file: File, text: str) -> tuple[list[Finding], list[str]]:
    findings: list[Finding] = []
    for platform, what, pattern in signals.CODE:
        match = pattern.search(text)
        if match:
            findings.append(_finding(file, "code", platform, what, _line(text, match.start())))
    readable, reasons = _configurations(file) if findings else ([], [])
    platforms = {finding.platform for finding in readable}
    findings = [finding for finding in findings if finding.platform not in platforms] + readable
    for match in signals.ROUTE.finditer(text):
        route = match.group("route")
        if findings or signals.ROUTE_WORDS.search(route):
            owner = findings[0].platform if findings else None
            findings.append(_finding(file, "webhook_route", owner, scrub_text(route), _line(text, match.start())))
    return findings[: _MAX_PER_FILE * 2], reasons


def _environment(file: File, text: str) -> list[Finding]:
    names = [match for match in signals.ENV_LINE.finditer(text) if signals.ENV_NAME.search(match.group(1).upper())]
    return [
        _finding(file, "environment", None, scrub_text(match.group(1)), _line(text, match.start()))
        for match in names[: _MAX_PER_FILE * 5]
    ]


def _dependencies(file: File, text: str) -> list[Finding]:
    named = dict.fromkeys(match.group(0) for match in signals.DEPENDENCY.finditer(text))
    return [_finding(file, "dependency", None, name) for name in list(named)[:_MAX_PER_FILE]]


def _phone_numbers(file: File, text: str) -> list[Finding]:
    first: dict[str, int] = {}
    for match in signals.PHONE.finditer(text):
        first.setdefault(match.group(0), match.start())
    return [
        _finding(file, "phone_number", None, number, _line(text, at))
        for number, at in list(first.items())[:_MAX_PER_FILE]
    ]


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _finding(file: File, kind: str, platform: str | None, detail: str, line: int | None = None) -> Finding:
    return Finding.model_validate(
        {"path": scrub_text(file.path), "kind": kind, "platform": platform, "detail": detail, "line": line}
    )


def selected_of(findings: Iterable[Finding]) -> list[str]:
    """The files to parse, each once."""
    return list(dict.fromkeys(finding.path for finding in findings if finding.kind == "configuration"))


_STEPS: tuple[tuple[str, str], ...] = (
    ("configuration", "Parse these files with parse_external_config, all of one agent together, then build them."),
    (
        "code",
        "Read this code by hand where parse does not; calls to the old platform become sessions here.",
    ),
    ("environment", "Set keys for these names in this installation; values are never sent."),
    ("webhook_route", "Adapt these routes to the new events and tool calls, or keep their payload formats."),
    ("phone_number", "Move these numbers last, when test calls pass: import or buy, attach the agent, switch over."),
)


def plan_of(findings: Sequence[Finding]) -> list[Step]:
    """The order that keeps the old agent answering until the new one is proven."""
    steps: list[Step] = []
    for kind, action in _STEPS:
        files = list(dict.fromkeys(finding.path for finding in findings if finding.kind == kind))
        if files:
            steps.append(Step(step=len(steps) + 1, action=action, files=files[:50]))
    return steps
