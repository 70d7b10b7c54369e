"""The account of a document: every leaf, and what a reader said about it. What no reader took is reported all the same,
so that a report is complete by construction (MIG-2).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from speko_core.errors import InvalidInput
from speko_core.migration import limits, targets
from speko_core.migration.paths import Path, pointer
from speko_core.migration.report import Entry, Report, Status, report_of, severity_of
from speko_core.migration.rules import RuleTree
from speko_core.migration.secrets import KeyToSet, Scrubber
from speko_core.types import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Claim:
    """What a reader said about a leaf."""

    status: Status
    reason: str = ""
    neutral: str | None = None


_UNSET = Claim("ignored", "Not set in the source.")
_HOMELESS = Claim("unsupported", "No counterpart here; the value is kept under `unmapped`.")


@dataclass
class Locations:
    """How to name a place: by file for joined documents, by line for code."""

    files: Mapping[Path, str] = field(default_factory=dict)
    lines: Mapping[Path, str] = field(default_factory=dict)
    base: Path = ()

    def name(self, path: Path) -> str:
        """The JSON pointer or `file:line` of a leaf."""
        if path in self.lines:
            return self.lines[path]
        for size in range(len(path), -1, -1) if self.files else ():
            file = self.files.get(path[:size])
            if file is not None:
                return f"{file}#{pointer(path[size:])}"
        return pointer((*self.base, *path))


class Ledger:
    """One document and the account of its leaves. Credentials are taken out before a reader sees it."""

    def __init__(self, document: JsonValue, locations: Locations | None = None) -> None:
        scrubber = Scrubber()
        self.document = scrubber.scrub(document)
        self.locations = locations or Locations()
        self.leaves: list[tuple[Path, JsonValue]] = []
        self._spans: dict[Path, tuple[int, int]] = {}
        self._walk(self.document, ())
        self._claims: list[Claim | None] = [None] * len(self.leaves)
        self._secrets = {found.path: found for found in scrubber.found}
        self._prefix = ""

    @property
    def keys_to_set(self) -> list[KeyToSet]:
        """The credentials that were taken out, and where they stood."""
        reason = "A credential stood here. It was not read into anything; store it as a key of this installation."
        return [
            KeyToSet(found.name, self.locations.name(found.path), found.kind, reason)
            for found in self._secrets.values()
        ]

    @contextmanager
    def into(self, prefix: str) -> Iterator[None]:
        """Report targets below `prefix`, for documents that hold several agents."""
        before, self._prefix = self._prefix, prefix
        try:
            yield
        finally:
            self._prefix = before

    def claim(self, path: Path, claim: Claim) -> None:
        """Say what became of everything below `path`. The first word on a leaf stands."""
        start, end = self._spans.get(path, (0, 0))
        if claim.neutral and self._prefix:
            claim = Claim(claim.status, claim.reason, f"{self._prefix}.{claim.neutral}")
        for at in range(start, end):
            if self._claims[at] is None:
                self._claims[at] = claim

    def revise(self, path: Path, reason: str) -> None:
        """Turn `mapped` into `approximated` below `path`, when a value turns out to change on its way."""
        start, end = self._spans.get(path, (0, 0))
        for at in range(start, end):
            said = self._claims[at]
            if said is not None and said.status == "mapped":
                self._claims[at] = Claim("approximated", reason, said.neutral)

    def is_claimed(self, path: Path) -> bool:
        """Whether every leaf below `path` has been accounted for."""
        start, end = self._spans.get(path, (0, 0))
        return all(said is not None for said in self._claims[start:end])

    def is_secret(self, path: Path) -> bool:
        """Whether a credential was taken out of the leaf at `path`."""
        return path in self._secrets

    def apply(self, base: Path, tree: RuleTree) -> None:
        """Let rules speak for the leaves below `base` that no reader took."""
        start, end = self._spans.get(base, (0, 0))
        for at in range(start, end):
            if self._claims[at] is not None:
                continue
            path, value = self.leaves[at]
            rule = tree.match(path[len(base) :])
            if rule is not None and not (_is_empty(value) and rule.status != "invalid"):
                neutral = f"{self._prefix}.{rule.target}" if rule.target and self._prefix else rule.target
                self._claims[at] = Claim(rule.status, rule.reason, neutral)

    def report(self) -> Report:
        """The account of every leaf."""
        return report_of([self._entry(at) for at in range(len(self.leaves))])

    def unmapped(self, report: Report) -> JsonObject:
        """Every value that the report of this source has no place for, by pointer."""
        entries = zip(report.entries, self.leaves, strict=True)
        return {entry.pointer: value for entry, (_, value) in entries if entry.status in ("unsupported", "invalid")}

    def _entry(self, at: int) -> Entry:
        path, value = self.leaves[at]
        said = self._claims[at] or (_UNSET if _is_empty(value) else _HOMELESS)
        fate = targets.resolve(said.neutral, said.status, said.reason)
        found = self._secrets.get(path)
        status, reason = fate.status, fate.reason
        if found is not None:
            status, reason = "needs_input", f"A credential; set it as {found.name}."
        return Entry(
            self.locations.name(path), status, fate.target, said.neutral, reason, severity_of(status), leaves=1
        )

    def _walk(self, value: JsonValue, path: Path) -> None:
        start = len(self.leaves)
        if isinstance(value, dict) and value:
            for key, item in value.items():
                self._walk(item, (*path, key))
        elif isinstance(value, list) and value:
            for at, item in enumerate(value):
                self._walk(item, (*path, at))
        else:
            if len(self.leaves) >= limits.MAX_LEAVES:
                raise InvalidInput(f"The document has more than {limits.MAX_LEAVES:,} values; migrate it in parts.")
            self.leaves.append((path, value))
        self._spans[path] = (start, len(self.leaves))


def _is_empty(value: JsonValue) -> bool:
    return value is None or value == "" or value == [] or value == {}
