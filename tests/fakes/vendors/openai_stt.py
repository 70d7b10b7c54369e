"""OpenAI's `/v1/audio/transcriptions`, and Groq's and self-hosted servers' narrower copies of it."""

from collections.abc import Sequence
from typing import ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.recordings import HEARD, WORDS, Form, halves, is_file, read_form

USUAL = {401: "invalid_api_key", 402: "billing_hard_limit_reached", 429: "rate_limit_exceeded"}
USAGE: JsonObject = {
    "type": "tokens",
    "input_tokens": 14,
    "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
    "output_tokens": 45,
    "total_tokens": 59,
}
COMMON = {"file", "model", "language", "prompt", "response_format", "temperature", "timestamp_granularities[]"}


class FakeOpenAiStt(FakeVendor):
    """Hears `HEARD`; newer models stream it."""

    vendor = "openai"
    path: ClassVar[str] = "/v1/audio/transcriptions"
    models: ClassVar[Sequence[str]] = ("gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1")
    fields: ClassVar[frozenset[str]] = frozenset({*COMMON, "stream", "keywords[]", "languages[]", "include[]"})
    verbose: ClassVar[Sequence[str]] = ("whisper-1",)
    extra: ClassVar[JsonObject] = {"usage": USAGE}
    open: bool = False  # takes calls without a key

    def routes(self) -> Sequence[BaseRoute]:
        return [Route(self.path, self._transcribe, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        kind = "invalid_request_error" if status < 500 else "server_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code or USUAL.get(status)}}

    async def _transcribe(self, request: Request) -> Response:
        seen = await self.record(request)
        form = await read_form(request)
        if not self.open and seen.headers.get("authorization") != f"Bearer {self.key}":
            return self.error(401, None, "Incorrect API key provided")
        problem = self._problem(form)
        if problem:
            return self.error(400, problem, "refused")
        streamed = form.get("stream") == "true" and form.get("model") != "whisper-1"
        return self.play(request, _events() if streamed else self._json(form))

    def _problem(self, form: Form) -> str | None:
        model, format_ = form.get("model"), form.get("response_format", "json")
        if model not in self.models:
            return "model_not_found"
        if form.names - self.fields or (form.all("keywords[]") and model != "gpt-transcribe"):
            return "unknown_parameter"
        if format_ != "json" and model not in self.verbose:
            return "unsupported_value"
        if form.all("timestamp_granularities[]") and format_ != "verbose_json":
            return "unsupported_value"
        if form.part != "file" or "." not in form.filename or not is_file(form.file):
            return "invalid_value"
        return None

    def _json(self, form: Form) -> Played:
        answer: JsonObject = {"text": HEARD, **self.extra}
        if form.get("response_format") == "verbose_json":
            words = [{"word": text, "start": start, "end": end} for text, start, end, _ in WORDS]
            answer |= {"task": "transcribe", "language": "english", "duration": 1.5, "words": words, "segments": []}
        empty = orjson.dumps({**answer, "text": ""})
        return Played(halves(orjson.dumps(answer)), "application/json", empty=[empty])


class FakeGroqStt(FakeOpenAiStt):
    """Whisper only, no streaming."""

    vendor = "groq"
    path = "/openai/v1/audio/transcriptions"
    models = ("whisper-large-v3", "whisper-large-v3-turbo")
    fields = frozenset({*COMMON, "url"})
    verbose = models
    extra: ClassVar[JsonObject] = {"x_groq": {"id": "req_1"}}


class FakeWhisperServer(FakeOpenAiStt):
    """A server of the operator's own: plain JSON and no more fields than it must have."""

    vendor = "compatible"
    models = ("my-whisper",)
    fields = frozenset({"file", "model", "language", "prompt", "response_format", "temperature"})
    verbose = ()
    extra: ClassVar[JsonObject] = {}


def _events() -> Played:
    pieces = [_event({"type": "transcript.text.delta", "delta": part}) for part in ("Hello", " wonderful", " world.")]
    done = _event({"type": "transcript.text.done", "text": HEARD, "usage": USAGE})
    empty = _event({"type": "transcript.text.done", "text": "", "usage": USAGE})
    return Played([*pieces, done], "text/event-stream", empty=[empty], malformed=b"data: {not json\n\n")


def _event(data: JsonObject) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"
