"""A transcription in OpenAI's words: JSON in three depths, text, subtitles, or events.

Only what providers say is told: segments have text and times, and none of a decoder's inner figures.
Source: https://platform.openai.com/docs/api-reference/audio/createTranscription, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence

import orjson

from speko_core.errors import SpekoError
from speko_core.oneshot.heard import joined_text, language_of, warnings_wire
from speko_core.oneshot.transcribe import TranscribeCall
from speko_core.providers.base import Transcript, Word
from speko_core.types import JsonObject, JsonValue
from speko_gateway.streams.compat.captions import Cue, cues, srt, vtt
from speko_gateway.streams.compat.envelope import error_object
from speko_gateway.streams.compat.frames import data
from speko_gateway.streams.compat.intent import named
from speko_gateway.streams.compat.transcription_input import TranscriptionRequest
from speko_gateway.streams.oneshot_answers import StreamAnswer, WholeAnswer

_PLAIN = "text/plain; charset=utf-8"


class TranscriptionAnswer(WholeAnswer[TranscribeCall]):
    """The whole transcript in the form asked for."""

    def __init__(self, call: TranscribeCall, said: TranscriptionRequest) -> None:
        super().__init__(call)
        self._said = said

    def _routing_headers(self) -> Mapping[str, str]:
        return named(self._call.headers, self._said.left_out)

    def _whole(self) -> tuple[str, bytes]:
        match self._said.response_format:
            case "text":
                return _PLAIN, f"{self._text}\n".encode()
            case "srt":
                return _PLAIN, srt(self._cues).encode()
            case "vtt":
                return "text/vtt; charset=utf-8", vtt(self._cues).encode()
            case "verbose_json":
                return self._json(self._verbose())
            case "diarized_json":
                return self._json(self._diarized())
            case _:
                return self._json({"text": self._text})

    def _json(self, content: JsonObject) -> tuple[str, bytes]:
        whole = {**content, "usage": _usage(self._call), **warnings_wire(self._call.finals)}
        return "application/json", orjson.dumps(whole)

    @property
    def _text(self) -> str:
        return joined_text(self._call.finals)

    @property
    def _words(self) -> list[Word]:
        return [word for final in self._call.finals for word in final.words]

    @property
    def _cues(self) -> list[Cue]:
        return cues(self._words, self._text, self._call.duration_s)

    def _verbose(self) -> JsonObject:
        asked = self._said.timestamp_granularities or ("segment",)
        answer: JsonObject = {
            "task": "transcribe",
            "language": self._said.language or language_of(self._call.finals) or "unknown",
            "duration": round(self._call.duration_s, 3),
            "text": self._text,
        }
        if "segment" in asked:
            answer["segments"] = [{"id": number, **_timed(cue)} for number, cue in enumerate(self._cues)]
        if "word" in asked:
            answer["words"] = [{"word": word.text, "start": word.start_s, "end": word.end_s} for word in self._words]
        return answer

    def _diarized(self) -> JsonObject:
        segments: list[JsonValue] = [
            {
                "id": f"seg_{number}",
                "type": "transcript.text.segment",
                **_timed(cue),
                "speaker": cue.speaker or "unknown",
            }
            for number, cue in enumerate(self._cues)
        ]
        duration = round(self._call.duration_s, 3)
        return {"task": "transcribe", "duration": duration, "text": self._text, "segments": segments}


class TranscriptionStream(StreamAnswer[TranscribeCall, Transcript]):
    """What has been recognized for good, as deltas: an interim may still change, and a delta cannot be taken back."""

    def __init__(self, call: TranscribeCall, said: TranscriptionRequest) -> None:
        super().__init__(call)
        self._said, self._continues = said, False

    def _routing_headers(self) -> Mapping[str, str]:
        return named(self._call.headers, self._said.left_out)

    def _first(self) -> bytes:
        return b""

    def _frames(self, batch: Sequence[Transcript]) -> bytes:
        return b"".join(self._delta(heard.text.strip()) for heard in batch if heard.is_final and heard.text.strip())

    def _delta(self, text: str) -> bytes:
        space, self._continues = " " if self._continues else "", True
        return data({"type": "transcript.text.delta", "delta": space + text})

    def _last(self) -> bytes:
        # Usage stands here in tokens only, which a router over many vendors does not count.
        return data({"type": "transcript.text.done", "text": joined_text(self._call.finals)})

    def _failed(self, error: SpekoError) -> bytes:
        return data(error_object(error))


def _timed(cue: Cue) -> JsonObject:
    return {"start": cue.start_s, "end": cue.end_s, "text": cue.text}


def _usage(call: TranscribeCall) -> JsonObject:
    return {"type": "duration", "seconds": round(call.duration_s, 3)}
