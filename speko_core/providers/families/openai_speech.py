"""OpenAI's `POST /v1/audio/speech`, which self-hosted servers speak too. The body is raw PCM of 24 kHz.

The event stream that OpenAI also has (`stream_format: sse`) is not used: servers differ in knowing it.
Source: OpenAI's SDK 3.52 and https://platform.openai.com/docs/api-reference/audio/createSpeech, read 2026-11-20.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from speko_core.providers.base import Credential, TtsRequest
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import vendor_request
from speko_core.providers.families.speaking import Framing, Raw, json_body
from speko_core.providers.families.speech import base_url

OPENAI_LONGEST: Final = 4_096


@dataclass(frozen=True)
class SpeechDialect:
    """How a vendor departs from OpenAI. `response_format` is what it calls the most direct format it has."""

    response_format: str = "pcm"
    longest: int = OPENAI_LONGEST


class OpenAiSpeech:
    """The wire of one server. A key is sent if there is one."""

    def __init__(self, facts: VendorFacts, dialect: SpeechDialect) -> None:
        self._facts, self._dialect = facts, dialect

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """See `SpeechWire`."""
        headers = {"content-type": "application/json"}
        key: Mapping[str, str] = (
            {"authorization": f"Bearer {credential.secret}"} if credential and credential.secret else {}
        )
        return vendor_request(
            f"{base_url(credential, self._facts.base_url)}/audio/speech",
            {**headers, **key},
            json_body(
                model=request.model,
                input=request.text,
                voice=request.voice,
                response_format=self._dialect.response_format,
                speed=request.speed,
                instructions=request.instructions,
            ),
        )

    def framing(self) -> Framing:
        """See `SpeechWire`."""
        return Raw()

    def longest(self, model: str) -> int:
        """See `SpeechWire`."""
        return self._dialect.longest
