"""Choose the tool a sentence asks for, by the words it shares with the tools' names and descriptions."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from speko_core.providers.base import Tool
from speko_core.providers.sandbox.schema import enum_of, fields_of
from speko_core.providers.sandbox.words import MUTATING, STRONG_VERBS, WEAK_VERBS, name_tokens, raw_words, tokens

NAME_WEIGHT, PARAMETER_WEIGHT, DESCRIPTION_WEIGHT, WEAK_WEIGHT = 3.0, 2.0, 1.0, 0.5
MIN_MARGIN = 0.15


@dataclass(frozen=True)
class Choice:
    """One tool, or two that fit equally well, or none."""

    tools: tuple[Tool, ...] = ()


def choose_tool(text: str, tools: Sequence[Tool]) -> Choice:
    """The tool whose name is mentioned, best covered by the sentence; two when they cannot be told apart."""
    if not tools or _is_negated(text):
        return Choice()
    said = set(tokens(text))
    indexes = [_index(tool) for tool in tools]
    frequency = Counter(word for index in indexes for word in index)
    scored = [
        (_score(said, index, frequency, len(tools)), tool)
        for tool, index in zip(tools, indexes, strict=True)
        if _is_candidate(said, tool)
    ]
    scored.sort(key=lambda pair: -pair[0])
    if not scored:
        return Choice()
    best = scored[0][0]
    close = [tool for score, tool in scored if best - score < MIN_MARGIN * best]
    return Choice(tuple(close[:2]))


def is_mutating(tool: Tool) -> bool:
    """True for tools that change something: they are confirmed before they are called."""
    return bool(MUTATING & set(name_tokens(tool.name))) or tool.parameters.get("x-confirm") is True


def _is_candidate(said: set[str], tool: Tool) -> bool:
    """The name is mentioned, by its noun if it has one, and the sentence asks for no other deed."""
    name = set(name_tokens(tool.name))
    verbs, wanted = name & STRONG_VERBS, said & STRONG_VERBS
    if verbs and wanted:
        return bool(verbs & wanted)
    if wanted and not verbs and not WEAK_VERBS & name:
        return bool(said & name)
    if wanted:
        return False
    return bool(said & (name - WEAK_VERBS))


def _index(tool: Tool) -> dict[str, float]:
    weights: dict[str, float] = {}
    for field in fields_of(tool):
        values = " ".join(value for value in enum_of(field.schema) if isinstance(value, str))
        for word in (*name_tokens(field.name), *tokens(values)):
            weights[word] = PARAMETER_WEIGHT
    for word in tokens(tool.description):
        weights[word] = max(weights.get(word, 0), DESCRIPTION_WEIGHT)
    for word in name_tokens(tool.name):
        weights[word] = WEAK_WEIGHT if word in WEAK_VERBS else NAME_WEIGHT
    return weights


def _score(said: set[str], index: dict[str, float], frequency: Counter[str], tools: int) -> float:
    shared = sorted(said & index.keys())
    return sum(index[word] * math.log(1 + tools / frequency[word]) for word in shared)


def _is_negated(text: str) -> bool:
    words = raw_words(text)
    return any(
        word in ("don't", "never") or words[index : index + 2] == ("do", "not") for index, word in enumerate(words)
    )
