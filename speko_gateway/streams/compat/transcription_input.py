"""What `POST /v1/audio/transcriptions` is sent, and the transcription it asks for.

Source: https://platform.openai.com/docs/api-reference/audio/createTranscription and openai 3.52.0, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import from_json

from speko_core.audio.content_type import media_type
from speko_core.oneshot.parsing import parse_object
from speko_core.oneshot.schemas import SttOptions, TranscribeInput
from speko_core.providers.families.speech import AUTO
from speko_core.types import JsonObject
from speko_gateway.streams.compat.intent import Routed, Wish, refused
from speko_gateway.streams.compat.multipart import Upload

Format = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
# What shapes an answer elsewhere and has no place here: named in a header when it is left out.
_SHAPING: Final[Mapping[str, str]] = {
    "temperature": "0",
    "include": "",
    "chunking_strategy": "auto",
    "known_speaker_names": "",
    "known_speaker_references": "",
}
_LANGUAGE: Final = r"^[a-z]{2}(-[A-Z]{2})?$"


class TranscriptionRequest(Routed):
    """The fields of the form, without the file."""

    model_config = ConfigDict(alias_generator=None, extra="ignore")

    language: str | None = Field(None, pattern=_LANGUAGE)
    prompt: str | None = Field(None, max_length=2_000)
    keywords: tuple[str, ...] = ()
    response_format: Format = "json"
    timestamp_granularities: tuple[Literal["word", "segment"], ...] = ()
    stream: bool = False
    left_out: SkipJsonSchema[tuple[str, ...]] = ()

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """Read the form.

        Raises:
            InvalidInput: one entry for each wrong field, or two that do not go together.
        """
        fields: JsonObject = {
            name: value
            for name in ("model", "language", "prompt", "response_format", "stream")
            if (value := upload.get(name)) is not None
        }
        fields["keywords"] = list(upload.all("keywords"))
        fields["timestamp_granularities"] = list(upload.all("timestamp_granularities"))
        fields["left_out"] = [
            name for name, neutral in _SHAPING.items() if any(value != neutral for value in upload.all(name))
        ]
        for name in ("intent", "constraints"):
            if value := upload.get(name):
                fields[name] = _json(value)
        said = parse_object(cls, fields)
        if said.timestamp_granularities and said.response_format != "verbose_json":
            raise refused("timestamp_granularities", "timestamp_granularities needs response_format verbose_json.")
        if said.stream and said.response_format not in ("json", "text"):
            raise refused("stream", f"A stream has no form {said.response_format}: ask for json.")
        return said

    @property
    def wants_words(self) -> bool:
        """True when the answer cannot be made without the times of words."""
        return self.response_format in ("srt", "vtt", "verbose_json")

    def options(self) -> SttOptions:
        """The same in our words. A language that nobody told has to be found.

        Raises:
            InvalidInput: a keyword is too long, or there are too many.
        """
        fields: JsonObject = {
            "keywords": list(self.keywords) or None,
            "prompt": self.prompt,
            "language": self.language or AUTO,
            "words": self.wants_words,
            "speakers": self.response_format == "diarized_json",
        }
        return parse_object(SttOptions, fields)


def _json(text: str) -> JsonObject | str:
    try:
        found = from_json(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def transcription_of(said: TranscriptionRequest, upload: Upload, wish: Wish) -> TranscribeInput:
    """The recording and what is asked about it."""
    sent = upload.content_type
    return TranscribeInput(
        intent=wish.intent,
        constraints=wish.constraints,
        options=said.options(),
        body=upload.file,
        content_type=sent if media_type(sent).startswith("audio/") else "audio/wav",
    )
