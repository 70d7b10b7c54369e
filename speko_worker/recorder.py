"""Turns the framework's conversation items into turn records with legs and latency."""

import time
from collections.abc import Callable

from livekit.agents import llm

from speko_core.types import JsonObject
from speko_worker.plugins.legs import Leg, LegName
from speko_worker.records import Latency, Source, Turn, from_epoch

_SOURCES: dict[str, Source] = {"user": "user", "assistant": "agent"}


class TurnRecorder:
    """Numbers the turns of one session and measures them.

    The framework reports what it measured on each item; who served a leg, the detection of silence and typed turns are
    measured here.
    """

    def __init__(self, emit: Callable[[Turn], None], *, now: Callable[[], float] = time.time) -> None:
        # Which agent of the plan speaks.
        self.agent_id: str | None = None
        self._emit = emit
        self._now = now
        self._next_index = 0
        self._legs: dict[LegName, Leg] = {}
        self._silence_detected_at: float | None = None
        self._typed_at: float | None = None
        self._tool_calls: list[JsonObject] = []
        self._question = Latency()

    def on_leg(self, name: LegName, leg: Leg) -> None:
        """A leg was served. A reply keeps the first sentence's voice: that one decides its latency."""
        if name == "llm":
            self._legs.pop("tts", None)
        if name != "tts" or "tts" not in self._legs:
            self._legs[name] = leg

    def on_silence(self) -> None:
        """The VAD decided just now that the caller stopped speaking."""
        self._silence_detected_at = self._now()

    def on_typed(self) -> None:
        """A typed message arrived just now."""
        self._typed_at = self._now()

    def on_tool_called(self, name: str, args: str) -> None:
        """The agent used a tool for what it is about to say."""
        self._tool_calls.append({"name": name, "args": args})

    def on_item(self, item: llm.ChatMessage) -> None:
        """A message was committed to the conversation."""
        source, text = _SOURCES.get(item.role), (item.text_content or "").strip()
        if source is None or not text:
            return
        record = self._user if source == "user" else self._agent
        self._emit(record(item, text))
        self._next_index += 1

    def _user(self, item: llm.ChatMessage, text: str) -> Turn:
        started = item.metrics.get("started_speaking_at")
        stopped = item.metrics.get("stopped_speaking_at")
        legs: dict[LegName, Leg] = {}
        if stopped is None:
            self._question = Latency()
        else:
            self._typed_at = None
            self._question = self._spoken(item, stopped)
            legs = {"stt": self._legs["stt"]} if "stt" in self._legs else {}
        moment = item.created_at
        return Turn(
            index=self._next_index,
            source="user",
            text=text,
            started_at=from_epoch(started or stopped or moment),
            ended_at=from_epoch(stopped or moment),
            legs=legs,
            latency=self._question,
        )

    def _spoken(self, item: llm.ChatMessage, stopped: float) -> Latency:
        detected = self._silence_detected_at
        stt = self._legs.get("stt")
        return Latency(
            vad=(detected - stopped) * 1000 if detected and detected >= stopped else None,
            stt=stt.first_ms if stt else None,
            eou=_ms(item.metrics.get("end_of_turn_delay")),
        )

    def _agent(self, item: llm.ChatMessage, text: str) -> Turn:
        started = item.metrics.get("started_speaking_at")
        legs: dict[LegName, Leg] = {}
        if "llm_node_ttft" in item.metrics and "llm" in self._legs:
            legs["llm"] = self._legs.pop("llm")
        if "tts" in self._legs:
            legs["tts"] = self._legs.pop("tts")
        turn = Turn(
            index=self._next_index,
            source="agent",
            text=text,
            started_at=from_epoch(started or item.created_at),
            ended_at=from_epoch(item.metrics.get("stopped_speaking_at") or self._now()),
            interrupted=item.interrupted,
            legs=legs,
            latency=self._answer(item, legs, started),
            tool_calls=tuple(self._tool_calls),
            agent_id=self.agent_id,
        )
        self._question, self._typed_at, self._tool_calls = Latency(), None, []
        return turn

    def _answer(self, item: llm.ChatMessage, legs: dict[LegName, Leg], started: float | None) -> Latency:
        voice = legs.get("tts")
        total = _ms(item.metrics.get("e2e_latency"))
        if total is None and started and self._typed_at:
            total = (started - self._typed_at) * 1000
        return Latency(
            vad=self._question.vad,
            stt=self._question.stt,
            eou=self._question.eou,
            llm_ttft=_ms(item.metrics.get("llm_node_ttft")),
            tts_ttfb=voice.first_ms if voice else _ms(item.metrics.get("tts_node_ttfb")),
            total=total,
        )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
