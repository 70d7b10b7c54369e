"""A document being read: nodes that know where they stand, and tell the account what becomes of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from speko_core.migration.ledger import Claim, Ledger
from speko_core.migration.paths import Path
from speko_core.migration.report import Status
from speko_core.migration.rules import Rule, RuleTree
from speko_core.types import JsonValue


class _Absent:
    """What a node holds where the document has nothing."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a source. Reading a value through `take` and its kin accounts for it; looking does not."""

    source: Ledger
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


class Source(Ledger):
    """One document, its account, and its root to read from."""

    @property
    def root(self) -> Node:
        """The whole document."""
        return Node(self, (), self.document)


def as_number(value: JsonValue) -> float | None:
    """A finite number, also when the source wrote it as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.strip() if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
