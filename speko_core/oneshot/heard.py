"""What was heard, on the wire: text always, and the detail that was asked for (ONE-12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from speko_core.oneshot.schemas import SttOptions
from speko_core.providers.base import Transcript, Word
from speko_core.providers.families.speech import AUTO, MULTI
from speko_core.types import JsonObject, JsonValue


@dataclass(frozen=True)
class Detail:
    """What the caller wants to know beside the text. A language is told only when the provider had to find it."""

    words: bool = False
    language: bool = False

    @classmethod
    def asked(cls, options: SttOptions) -> Self:
        """The detail that these options ask for."""
        return cls(bool(options.words or options.speakers), options.language in (AUTO, MULTI))


def transcript_wire(heard: Transcript, detail: Detail) -> JsonObject:
    """One `transcript` event; `confidence` and detail only where the provider gives them."""
    event: JsonObject = {"text": heard.text, "isFinal": heard.is_final}
    if heard.confidence is not None:
        event["confidence"] = heard.confidence
    if detail.words and heard.is_final:
        event["words"] = [*map(word_wire, heard.words)]
    if detail.language and heard.language:
        event["language"] = heard.language
    return event


def detail_wire(finals: Sequence[Transcript], detail: Detail) -> JsonObject:
    """What is told beside the text of all finals: the mean of their confidence, null where one gives none; detail."""
    known = [final.confidence for final in finals if final.confidence is not None]
    whole = len(known) == len(finals) > 0
    result: JsonObject = {"confidence": sum(known) / len(known) if whole else None}
    if detail.words:
        result["words"] = [word_wire(word) for final in finals for word in final.words]
    if detail.language:
        result["language"] = language_of(finals)
    return {**result, **warnings_wire(finals)}


def warnings_wire(finals: Sequence[Transcript]) -> JsonObject:
    """`warnings`, each once, where there are any."""
    warnings = dict.fromkeys(text for final in finals for text in final.warnings)
    return {"warnings": list[JsonValue](warnings)} if warnings else {}


def joined_text(finals: Sequence[Transcript]) -> str:
    """The text of all finals."""
    return " ".join(final.text.strip() for final in finals)


def language_of(finals: Sequence[Transcript]) -> str | None:
    """The language that was found first; None where no provider says."""
    return next((final.language for final in finals if final.language), None)


def word_wire(word: Word) -> JsonObject:
    """One word with its place in seconds."""
    told: JsonObject = {"text": word.text, "start": word.start_s, "end": word.end_s}
    if word.confidence is not None:
        told["confidence"] = word.confidence
    if word.speaker is not None:
        told["speaker"] = word.speaker
    return told
