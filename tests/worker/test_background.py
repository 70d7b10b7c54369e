"""What is heard under and between the agent's words: the place it seems to sit in, and its tools at work."""

import io
from typing import get_args

import av
import numpy as np
import pytest

from speko_core.agents.config import AudioOutput, BackgroundAudio, Clip
from speko_core.sessions.sounds import PlanAudio, PlanSound, PlanToolSound, audio_of
from speko_worker.background.clips import LOOP_S, clip
from speko_worker.background.mixer import Background
from tests.worker.caller import Caller, calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway

RATE = 24_000
FRAME = RATE // 50
OFFICE = {"clip": "office-ambience", "volume": 1.0}
TYPING = {"clip": "keyboard-typing", "volume": 1.0, "minDurationS": 0.6, "startDelayS": 0.0}


def loudness(pcm: bytes) -> float:
    """Root mean square, of 32768."""
    return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(np.float64) ** 2))) if pcm else 0.0


def received(caller: Caller, begin: float = 0.0, end: float = float("inf")) -> bytes:
    return b"".join(pcm for moment, pcm in caller.audio if begin <= moment < end)


@pytest.mark.usefixtures("worker")
async def test_the_place_is_heard_before_between_and_under_the_words_and_is_recorded(gateway: FakeGateway) -> None:
    """SES-9, SES-4: in real time, as one stream."""
    session = gateway.create(audio={"ambient": OFFICE}, record=True)
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: len(caller.audio) > 20)
        before = received(caller)
        await caller.type("When do you open?")
        await until(lambda: len(caller.of("turn")) == 2)
        heard, lasted = len(caller.audio) - 1, caller.audio[-1][0] - caller.audio[0][0]
    assert caller.of("ready")[0]["background"] is True
    assert 100 < loudness(before) < 2_000
    assert heard * 0.02 == pytest.approx(lasted, abs=0.2)
    assert caller.of("turn")[1]["interrupted"] is False
    await until(lambda: session.recording is not None)
    with av.open(io.BytesIO(session.recording or b"")) as file:
        whole = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
    quiet = whole[12_000:19_200]  # from 0.25 s to 0.4 s of 48 kHz: nobody speaks yet
    assert 0.003 < float(np.sqrt(np.mean(quiet**2))) < 0.06


@pytest.mark.usefixtures("worker")
async def test_a_tool_at_work_is_heard_until_the_answer(gateway: FakeGateway) -> None:
    """SES-9, AGT-4: the sound of the tool that runs; of one without a sound nothing is heard."""
    gateway.script.tool, gateway.script.tool_s = "look_up", 0.5
    session = gateway.create(audio={"tool": TYPING, "tools": {"silent": None}})
    async with calling(gateway.media_url(session)) as caller:
        await until(lambda: bool(caller.of("ready")))
        await caller.type("When do you open?")
        await until(lambda: bool(caller.audio))
        assert caller.of("state")[-1]["agent"] == "thinking"
        await until(lambda: len(caller.of("turn")) == 2)
        heard = len(caller.audio)
        gateway.script.tool = "silent"
        await caller.type("And on Sundays?")
        await until(lambda: caller.of("state")[-1]["agent"] == "thinking")
        await until(lambda: len(gateway.calls_to("llm")) == 2)
        assert len(caller.audio) - heard < 5
    assert caller.of("turn")[1]["toolCalls"] == [{"name": "look_up", "args": "{}"}]


class Clock:
    """Moved by hand, in seconds."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def audible(background: Background, clock: Clock, seconds: float) -> list[float]:
    """Plays on; returns the tenths of a second, from now, in which something was heard."""
    found = []
    for tenth in range(round(seconds * 10)):
        played = b"".join(background.alone(FRAME) for _ in range(5))
        clock.now += 0.1
        if loudness(played) > 1:
            found.append(tenth)
    return found


def test_a_tools_sound_begins_after_its_delay_and_lasts_its_time() -> None:
    """AGT-4: `startDelayMs`, `minDurationMs`; a tool that is done before its sound begins is not heard."""
    clock = Clock()
    sound = PlanToolSound(clip="keyboard-typing2", min_duration_s=0.6, start_delay_s=0.3)
    background = Background(PlanAudio(tool=sound), RATE, clock)
    assert not background.is_on
    background.tool_started("1", "look_up")
    assert background.is_on
    assert audible(background, clock, 0.5)[0] >= 3
    background.tool_ended("1")
    assert max(audible(background, clock, 1.0)) <= 4  # begun 0.3 s after the start, it lasts to 0.9 s
    assert not background.is_on
    background.tool_started("2", "look_up")
    audible(background, clock, 0.1)
    background.tool_ended("2")
    assert audible(background, clock, 1.0) == []


def test_the_voice_is_as_loud_as_the_agent_wants() -> None:
    """`audioOutput.gainDb`."""
    tone = (8_000 * np.sin(np.arange(FRAME) / 5)).astype("<i2").tobytes()
    assert loudness(Background(PlanAudio(gain_db=-6.0), RATE).under(tone)) == pytest.approx(
        loudness(tone) / 2, rel=0.01
    )
    assert Background(PlanAudio(), RATE).under(tone) == tone
    assert np.frombuffer(Background(PlanAudio(gain_db=24.0), RATE).under(tone), "<i2").max() == 32_767


@pytest.mark.parametrize("name", get_args(Clip))
def test_every_clip_is_quiet_and_goes_round_without_a_click(name: Clip) -> None:
    """SES-9"""
    samples = clip(name, RATE)
    assert len(samples) == LOOP_S * RATE
    assert 100 < float(np.sqrt(np.mean(samples**2))) < 1_500
    assert np.abs(samples).max() < 20_000
    assert abs(samples[0] - samples[-1]) <= np.abs(np.diff(samples)).max()


def test_a_call_has_the_sounds_its_agent_and_its_tools_ask_for() -> None:
    """AGT-1: a tool's own sound wins over the agent's; an uploaded one cannot be played."""
    asked = BackgroundAudio.model_validate({
        "ambient": {"clip": "city-ambience", "volume": 0.5},
        "toolSound": {"clip": "keyboard-typing", "minDurationMs": 900, "startDelayMs": 200},
    })  # fmt: skip
    tools = {
        "plain": {"toolSound": None},
        "silent": {"toolSound": {"enabled": False}},
        "loud": {"toolSound": {"enabled": True, "volume": 2}},
        "uploaded": {"toolSound": {"enabled": True, "soundId": "snd_1"}},
    }
    audio = audio_of(asked, AudioOutput(gain_db=3), tools)
    usual = PlanToolSound(clip="keyboard-typing", min_duration_s=0.9, start_delay_s=0.2)
    assert audio == PlanAudio(
        ambient=PlanSound(clip="city-ambience", volume=0.5),
        tool=usual,
        tools={"silent": None, "loud": usual.model_copy(update={"volume": 2.0}), "uploaded": None},
        gain_db=3.0,
    )
    assert audio.of_tool("plain") == usual
    assert audio_of(None, None, tools).of_tool("loud") == PlanToolSound(clip="keyboard-typing", volume=2.0)
