"""Tables that say what becomes of fields nobody has to read: `stability` has no counterpart, `orgId` is metadata."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from speko_core.migration.paths import Path
from speko_core.migration.report import Status

_DEPTH = "**"
_ANY = "*"


@dataclass(frozen=True)
class Rule:
    """Fields by dotted pattern; `*` is any one name or index, a pattern covers everything below it."""

    pattern: str
    status: Status
    reason: str
    target: str | None = None


def ignored(reason: str, *patterns: str) -> tuple[Rule, ...]:
    """Fields that mean nothing outside their platform."""
    return tuple(Rule(pattern, "ignored", reason) for pattern in patterns)


def unsupported(reason: str, *patterns: str) -> tuple[Rule, ...]:
    """Fields without a counterpart."""
    return tuple(Rule(pattern, "unsupported", reason) for pattern in patterns)


def needs_input(reason: str, *patterns: str) -> tuple[Rule, ...]:
    """Fields that refer to something outside the file."""
    return tuple(Rule(pattern, "needs_input", reason) for pattern in patterns)


@dataclass
class _Branch:
    rule: Rule | None = None
    below: "dict[str, _Branch]" = field(default_factory=dict)


class RuleTree:
    """Rules by path; the most specific one wins."""

    def __init__(self, rules: Iterable[Rule], known: frozenset[str] = frozenset(), platform: str = "") -> None:
        self._root = _Branch()
        self._known = known
        self._unknown = Rule(_DEPTH, "invalid", f"Not a field of {platform}'s schema; {platform} ignores it.")
        for rule in rules:
            branch = self._root
            for part in rule.pattern.split("."):
                branch = branch.below.setdefault(part, _Branch())
            branch.rule = rule

    def match(self, path: Path) -> Rule | None:
        """The rule for a leaf; where the schema's names are `known`, any other name is invalid."""
        found: Rule | None = None
        branch: _Branch | None = self._root
        for part in path:
            assert branch is not None
            branch = branch.below.get(str(part)) or branch.below.get(_ANY)
            if branch is None:
                break
            found = branch.rule or found
        if found is None and self._known and path and str(path[0]) not in self._known:
            return self._unknown
        return found
