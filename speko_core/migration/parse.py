"""From files to the neutral model and its account: detect, join what belongs together, read, check (MIG-1, MIG-2)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from speko_core.errors import InvalidInput, TooLarge
from speko_core.migration import limits
from speko_core.migration.documents import File, documents_of
from speko_core.migration.join import Candidate, join
from speko_core.migration.neutral import VoiceAgents
from speko_core.migration.readers import Detection, detect, reader_of
from speko_core.migration.report import Report
from speko_core.migration.secrets import KeyToSet, scrub_text
from speko_core.migration.source import Source
from speko_core.types import JsonValue


@dataclass(frozen=True)
class Parsed:
    """One agent, squad or flow: what it means and the account of every value."""

    agents: VoiceAgents
    report: Report
    keys_to_set: list[KeyToSet]


@dataclass(frozen=True)
class Refused:
    """A file that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """Everything that was found in a set of files."""

    parsed: list[Parsed]
    refused: list[Refused]


def parse_files(files: Sequence[File], platform: str | None = None) -> Outcome:
    """Read every file; files that belong together are read as one.

    Raises:
        InvalidInput: too many files, or a single file that cannot be read.
        TooLarge: a file, or all of them together, over the limits.
    """
    check_bounds(files)
    candidates: list[Candidate] = []
    refused: list[Refused] = []
    for file in files:
        try:
            candidates += candidates_of(file, platform)
        except (InvalidInput, TooLarge) as error:
            if len(files) == 1:
                raise
            refused.append(Refused(scrub_text(file.path), error.message))
    read = [candidate for candidate in candidates if candidate.detection.refused is None]
    refused += [
        Refused(scrub_text(candidate.path), candidate.detection.refused)
        for candidate in candidates
        if candidate.detection.refused is not None
    ]
    return Outcome([parse_candidate(candidate) for candidate in join(read)], refused)


def check_bounds(files: Sequence[File]) -> None:
    """Refuse more than a request may cost.

    Raises:
        InvalidInput: over 500 files.
        TooLarge: over 16 MiB together.
    """
    if len(files) > limits.MAX_FILES:
        raise InvalidInput(f"At most {limits.MAX_FILES} files in one request.")
    if sum(len(file.content) for file in files) > limits.MAX_TOTAL_BYTES:
        raise TooLarge(f"At most {limits.MAX_TOTAL_BYTES // (1024 * 1024)} MiB of files in one request.")


def candidates_of(file: File, platform: str | None = None) -> list[Candidate]:
    """The documents of a file that a platform knows, or one refusal."""
    documents = documents_of(file)
    found: list[Candidate] = []
    for at, document in enumerate(documents):
        for path, item in _items(document.value):
            detection = detect(item)
            if detection is not None and platform not in (None, detection.platform):
                detection = None
            if detection is not None:
                prefix = (at, *path) if len(documents) > 1 else path
                found.append(Candidate(file.path, prefix, item, detection, lines=document.lines))
    if any(candidate.detection.refused is None for candidate in found):
        # A program that is read whole needs no word on each of its literals.
        found = [candidate for candidate in found if candidate.detection.refused is None]
    if not found:
        asked = f" of {platform}" if platform else ""
        refusal = Detection(platform or "", "", f"No voice agent{asked} was recognized in it.")
        found.append(Candidate(file.path, (), None, refusal))
    return found[: limits.MAX_AGENTS]


def _items(value: JsonValue) -> list[tuple[tuple[str | int, ...], JsonValue]]:
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [((at,), item) for at, item in enumerate(value[: limits.MAX_AGENTS])]
    return [((), value)]


def parse_candidate(candidate: Candidate) -> Parsed:
    """Read one recognized document."""
    source = Source(candidate.value, candidate.locations)
    agents = reader_of(candidate.value, candidate.detection).read(source, candidate.detection)
    agents.digest = digest_of(source.document)
    agents.files = [scrub_text(path) for path in candidate.files]
    report = source.report()
    agents.unmapped = source.unmapped(report)
    return Parsed(agents, report, source.keys_to_set)


def digest_of(document: JsonValue) -> str:
    """SHA-256 over the document without credentials, the same for the same content in any order of keys."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
