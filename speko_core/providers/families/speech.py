"""What all recognizers share: reading an answer into a typed shape, languages, keywords, and the empty answer."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from speko_core.providers.base import Credential, FailureKind, ProviderError, SttRequest, Transcript

# What callers may say instead of a language tag: several languages in one recording, or not known.
MULTI: Final = "multi"
AUTO: Final = "auto"


class Wire(BaseModel):
    """A vendor's JSON, read for the fields we use; vendors add others at any time."""

    model_config = ConfigDict(frozen=True, extra="ignore")


W = TypeVar("W", bound=Wire)


def parsed(shape: type[W], body: bytes | str) -> W:
    """Read a JSON answer.

    Raises:
        ProviderError: `EMPTY` for no bytes at all, `UPSTREAM` for anything that is not the shape.
    """
    if not body.strip():
        raise ProviderError(FailureKind.EMPTY, "the answer has no body")
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise ProviderError(FailureKind.UPSTREAM, f"malformed answer: {error.error_count()} problems") from None


def secret_of(credential: Credential | None) -> str:
    """The key of a vendor that does not answer without one.

    Raises:
        ProviderError: `AUTH` without a key.
    """
    if credential is None or not credential.secret:
        raise ProviderError(FailureKind.AUTH, "no key")
    return credential.secret


def base_url(credential: Credential | None, default: str) -> str:
    """The operator's address for this vendor, or the vendor's own."""
    chosen = credential.base_url if credential else None
    return (chosen or default).rstrip("/")


def final(text: str, transcript: Transcript) -> Transcript:
    """`transcript`, unless it holds no text (ONE-11).

    Raises:
        ProviderError: `EMPTY`.
    """
    if not text.strip():
        raise ProviderError(FailureKind.EMPTY, "no words were recognized")
    return transcript


def primary_language(tag: str) -> str | None:
    """The two-letter subtag for vendors that take only it; None where they shall find out."""
    found = tag.partition("-")[0].lower()
    # Every vendor knows Bokmål as Norwegian.
    return None if tag in (MULTI, AUTO) else "no" if found == "nb" else found


def regional_language(tag: str, known: Mapping[str, str]) -> str | None:
    """The vendor's own name of a regional tag, else the two-letter subtag."""
    return known.get(tag) or primary_language(tag)


def kept_keywords(
    keywords: Sequence[str], *, most: int, longest: int = 200, most_words: int = 100
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keywords a vendor takes, and a sentence for the caller when some are left out (RTE-20)."""
    fitting = [word for word in keywords if word.strip() and len(word) <= longest and len(word.split()) <= most_words]
    kept = tuple(fitting[:most])
    lost = len(keywords) - len(kept)
    return kept, ((f"{lost} of {len(keywords)} keywords were left out: the provider takes fewer.",) if lost else ())


def no_prompt(request: SttRequest) -> tuple[str, ...]:
    """A sentence for the caller where the vendor has nothing like a prompt (RTE-20)."""
    return ("The prompt was left out: the model has none.",) if request.prompt else ()
