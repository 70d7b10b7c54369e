"""Facts in the prompt, quoted word for word. Instructions are left alone: a caller should not hear them."""

import math
import re
from collections import Counter

from speko_core.providers.sandbox.script import without_script
from speko_core.providers.sandbox.words import STRONG_VERBS, fact_tokens, question_tokens, raw_words

TOPICS = {"hours": "opening hours", "place": "the address", "price": "prices", "phone": "the telephone number"}
MIN_COVERAGE = 0.5
MAX_FACT_CHARS = 300

_SPLIT = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"“])|\n+")
_MARKUP = re.compile(r"^[\s#>*•\-\d.)]*(?=\w|[\"“])|\*\*|__|`")
_INSTRUCTION = re.compile(
    r"^(?:you|your|ask|answer|be|speak|use|keep|greet|always|never|do not|don't|if|when|once|only|make|confirm|offer|"
    r"help|say|tell|respond|reply|act|avoid|stay|remember|today|current|collect|introduce|start|end|begin|role|goal|task|"
    r"style|tone|transfer|refuse|please|write|repeat|read|first|then|finally|before|after|note|rules?|instructions?)\b",
    re.IGNORECASE,
)


def facts_in(prompt: str) -> list[str]:
    """The prompt's statements, in order."""
    found: list[str] = []
    for piece in _SPLIT.split(without_script(prompt)):
        fact = _MARKUP.sub("", piece).strip()
        if len(raw_words(fact)) >= 3 and len(fact) <= MAX_FACT_CHARS and not _INSTRUCTION.match(fact):
            found.append(fact if fact[-1] in ".!?" else f"{fact}.")
    return found


def best_fact(prompt: str, text: str) -> str | None:
    """The fact that answers the question best, or None when none comes close."""
    asked = dict.fromkeys(question_tokens(text))
    if not asked or raw_words(text)[:1] == ("my",):
        return None
    facts = facts_in(prompt)
    known = [fact_tokens(fact) for fact in facts]
    frequency = Counter(word for words in known for word in words)
    best, chosen = 0.0, None
    for fact, words in zip(facts, known, strict=True):
        score = _score(tuple(asked), words, frequency, len(facts))
        if score > best:
            best, chosen = score, fact
    return chosen


def topics_in(prompt: str) -> list[str]:
    """What the facts are about, as far as we can name it."""
    words = {word for fact in facts_in(prompt) for word in fact_tokens(fact)}
    return [label for word, label in TOPICS.items() if word in words]


def _score(asked: tuple[str, ...], words: frozenset[str], frequency: Counter[str], facts: int) -> float:
    shared = [word for word in asked if word in words]
    if any(word in STRONG_VERBS and word not in words for word in asked):
        return 0.0
    names_topic = any(word in TOPICS for word in shared)
    if not names_topic and len(shared) <= MIN_COVERAGE * len(asked):
        return 0.0
    rarity = sum(math.log(1 + facts / frequency[word]) for word in shared)
    return rarity / (1 + math.log(1 + len(words)))
