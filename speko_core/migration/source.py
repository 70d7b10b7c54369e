"""A document being read. The `Source` knows every leaf and what a reader said about it; what a reader did not take is
reported all the same, so that a report is complete by construction (MIG-2).
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from speko_core.errors import InvalidInput
from speko_core.migration import limits, targets
from speko_core.migration.paths import Path, pointer
from speko_core.migration.report import Entry, Report, Status, report_of, severity_of
from speko_core.migration.rules import Rule, RuleTree
from speko_core.migration.secrets import KeyToSet, Scrubber
from speko_core.types import JsonObject, JsonValue


class _Absent:
    """What a node holds where the document has nothing."""


ABSENT = _Absent()


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


class Source:
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
    def root(self) -> "Node":
        """The whole document."""
        return Node(self, (), self.document)

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


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a source. Reading a value through `take` and its kin accounts for it; looking does not."""

    source: Source
    path: Path
    value: "JsonValue | _Absent"
    # `__getitem__` answers any index, so the old protocol of iteration would never end.
    __iter__ = None

    def __bool__(self) -> bool:
        """Whether the document has something here, null included."""
        return self.value is not ABSENT

    def __getitem__(self, key: str | int) -> "Node":
        """The node below, absent when there is none."""
        value: JsonValue | _Absent = ABSENT
        if isinstance(self.value, dict) and isinstance(key, str):
            value = self.value.get(key, cast(JsonValue, ABSENT))
        elif isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            value = self.value[key]
        return Node(self.source, (*self.path, key), value)

    def at(self, *keys: str | int) -> "Node":
        """The node at a path below."""
        node = self
        for key in keys:
            node = node[key]
        return node

    def fields(self) -> list[tuple[str, "Node"]]:
        """The members of an object; nothing for anything else."""
        return [(key, self[key]) for key in self.value] if isinstance(self.value, dict) else []

    def items(self) -> list["Node"]:
        """The items of an array; nothing for anything else."""
        return [self[at] for at in range(len(self.value))] if isinstance(self.value, list) else []

    @property
    def is_object(self) -> bool:
        """Whether an object stands here."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether an array stands here."""
        return isinstance(self.value, list)

    @property
    def is_secret(self) -> bool:
        """Whether a credential stood here."""
        return self.source.is_secret(self.path)

    @property
    def text(self) -> str | None:
        """The text here, without accounting for it."""
        return self.value if isinstance(self.value, str) else None

    @property
    def json(self) -> JsonValue:
        """The value here, without accounting for it; null when absent."""
        return None if isinstance(self.value, _Absent) else self.value

    def take(self, target: str) -> JsonValue:
        """The value, accounted for as mapped to `target`; null when absent."""
        self.mark("mapped", target=target)
        return self.json

    def take_text(self, target: str) -> str | None:
        """A non-empty text for `target`; any other type is reported as invalid."""
        if self.value is ABSENT or self.value is None or self.value == "":
            return None
        if not isinstance(self.value, str):
            self.mark("invalid", "Must be a text.")
            return None
        self.mark("mapped", target=target)
        return self.value

    def take_number(self, target: str, *, factor: float = 1.0, reason: str = "") -> float | None:
        """A number for `target`, multiplied by `factor` when the source counts in another unit."""
        if self.value is ABSENT or self.value is None or self.value == "":
            return None
        number = as_number(self.json)
        if number is None:
            self.mark("invalid", "Must be a number.")
            return None
        self.mark("approximated" if reason else "mapped", reason, target)
        return number * factor

    def take_flag(self, target: str) -> bool | None:
        """A boolean for `target`."""
        if not isinstance(self.value, bool):
            if self.value is not ABSENT and self.value is not None:
                self.mark("invalid", "Must be true or false.")
            return None
        self.mark("mapped", target=target)
        return self.value

    def take_texts(self, target: str) -> list[str]:
        """A list of texts for `target`; a single text counts as one."""
        if isinstance(self.value, str):
            self.mark("mapped", target=target)
            return [self.value] if self.value else []
        texts = []
        for item in self.items():
            taken = item.take_text(target)
            if taken:
                texts.append(taken)
        return texts

    def mark(self, status: Status, reason: str = "", target: str | None = None) -> None:
        """Account for everything below this node."""
        if self.value is not ABSENT:
            self.source.claim(self.path, Claim(status, reason, target))

    def approximated(self, reason: str, target: str | None = None) -> JsonValue:
        """The value, accounted for as approximated."""
        self.mark("approximated", reason, target)
        return self.json

    def revise(self, reason: str) -> None:
        """Say that a value already taken changes on its way."""
        self.source.revise(self.path, reason)

    def apply(self, rules: "RuleTree | Iterable[Rule]") -> None:
        """Let rules speak for what is left below this node."""
        tree = rules if isinstance(rules, RuleTree) else RuleTree(rules)
        self.source.apply(self.path, tree)


def as_number(value: JsonValue) -> float | None:
    """A finite number, also when the source wrote it as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.strip() if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_empty(value: JsonValue) -> bool:
    return value is None or value == "" or value == [] or value == {}
