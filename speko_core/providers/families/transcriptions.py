"""OpenAI's transcription wire, which Groq and self-hosted Whisper servers speak too. Differences are data.

Source: https://platform.openai.com/docs/api-reference/audio/createTranscription and openai 3.52.0, read 2026-11-20.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal

import httpx

from speko_core.providers.base import Credential, FailureKind, ProviderError, SttRequest, Transcript, Word
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.failures import failure_kind, read_error_words
from speko_core.providers.families.http import Answer, VendorHttp, vendor_request
from speko_core.providers.families.multipart import multipart
from speko_core.providers.families.recording import upload_of
from speko_core.providers.families.speech import (
    Wire,
    base_url,
    final,
    kept_keywords,
    parsed,
    primary_language,
)
from speko_core.providers.families.sse import SseParser
from speko_core.providers.families.whisper_languages import whisper_language

MAX_UPLOAD_BYTES: Final = 25 * 1024 * 1024
MAX_KEYWORDS: Final = 100
# Whisper reads 224 tokens of prompt; Groq refuses more than this many characters.
WHISPER_PROMPT_CHARS: Final = 896


@dataclass(frozen=True)
class Shape:
    """How one model is asked. `keywords` go into a field of their own or into the prompt, as OpenAI advises."""

    streams: bool = False
    words: bool = False  # `verbose_json` with word times
    keywords: Literal["field", "prompt"] = "prompt"
    prompt_chars: int | None = None


@dataclass(frozen=True)
class TranscriptionDialect:
    """How a vendor departs from OpenAI. `shape_of` takes the model's id."""

    shape_of: Callable[[str], Shape]
    needs_key: bool = True
    max_bytes: int | None = MAX_UPLOAD_BYTES


class _Word(Wire):
    word: str
    start: float
    end: float


class _Answer(Wire):
    text: str
    words: tuple[_Word, ...] | None = None
    language: str | None = None


class _Event(Wire):
    type: str = ""
    delta: str = ""
    text: str = ""
    error: object = None


class Transcriptions:
    """The `SttAdapter` of one vendor on this wire."""

    def __init__(self, http: VendorHttp, facts: VendorFacts, dialect: TranscriptionDialect) -> None:
        self._http, self._facts, self._dialect = http, facts, dialect

    async def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncGenerator[Transcript, None]:
        """Yield what is known so far where the model streams, then one final transcript.

        Raises:
            ProviderError: as `FailureKind` says; `REFUSED` for a file larger than the vendor takes.
        """
        shape = self._dialect.shape_of(request.model)
        wire, warnings = self._wire(request, credential, shape)
        async with self._http.stream(wire) as answer:
            # A model that does not stream answers JSON whatever it was asked for.
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                async with aclosing(_streamed(answer, warnings)) as events:
                    async for event in events:
                        yield event
            else:
                yield _whole(parsed(_Answer, await answer.body()), warnings)

    def _wire(
        self, request: SttRequest, credential: Credential | None, shape: Shape
    ) -> tuple[httpx.Request, tuple[str, ...]]:
        headers: dict[str, str] = {}
        if credential and credential.secret:
            headers["authorization"] = f"Bearer {credential.secret}"
        elif self._dialect.needs_key:
            raise ProviderError(FailureKind.AUTH, "no key")
        fields, warnings = _fields(request, shape)
        content_type, body = multipart(fields, "file", upload_of(request, max_bytes=self._dialect.max_bytes))
        url = f"{base_url(credential, self._facts.base_url)}/audio/transcriptions"
        return vendor_request(url, {**headers, "content-type": content_type}, body), warnings


def _fields(request: SttRequest, shape: Shape) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    fields = [("model", request.model), ("response_format", "verbose_json" if shape.words else "json")]
    if language := primary_language(request.language):
        fields.append(("language", language))
    keywords, warnings = kept_keywords(request.keywords, most=MAX_KEYWORDS)
    prompt = request.prompt or ""
    if shape.keywords == "field":
        fields += [("keywords[]", word) for word in keywords]
    else:
        prompt = " ".join(part for part in (prompt, ", ".join(keywords)) if part)
    if shape.prompt_chars is not None and len(prompt) > shape.prompt_chars:
        # Whisper reads the end of its prompt; keywords stand there.
        prompt, warnings = prompt[-shape.prompt_chars :], (*warnings, "The prompt was shortened for the provider.")
    fields += [("prompt", prompt)] if prompt else []
    fields += [("timestamp_granularities[]", "word")] if shape.words else []
    fields += [("stream", "true")] if shape.streams else []
    return fields, warnings


def _whole(answer: _Answer, warnings: tuple[str, ...]) -> Transcript:
    words = tuple(Word(word.word, word.start, word.end) for word in answer.words or ())
    language = whisper_language(answer.language or "")
    return final(answer.text, Transcript(answer.text.strip(), True, None, words, warnings, language))


async def _streamed(answer: Answer, warnings: tuple[str, ...]) -> AsyncGenerator[Transcript, None]:
    parser, heard, touched = SseParser(), "", False
    async with aclosing(answer.chunks()) as chunks:
        async for chunk in chunks:
            for frame in parser.feed(chunk):
                touched = True
                if frame.data == b"[DONE]":
                    continue
                event = _read(frame.data)
                if event.type == "transcript.text.delta":
                    heard += event.delta
                    if heard.strip():
                        yield Transcript(heard.strip(), False)
                elif event.type == "transcript.text.done":
                    yield final(event.text, Transcript(event.text.strip(), True, None, (), warnings))
                    await answer.drain(chunks)
                    return
    kind = FailureKind.UPSTREAM if touched else FailureKind.EMPTY
    raise ProviderError(kind, "the stream ended before the transcript did")


def _read(data: bytes) -> _Event:
    event = parsed(_Event, data)
    if event.error or event.type == "error":
        words = read_error_words(data).words
        raise ProviderError(failure_kind(500, words), " ".join(("in the stream:", *words)))
    return event
