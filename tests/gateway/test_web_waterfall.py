"""The latency bars of a stored session."""

from speko_core.types import JsonObject
from speko_gateway.web.waterfall import Bar, Part, waterfall

UNKNOWN: JsonObject = {
    "vadMs": None, "sttMs": None, "eouMs": None, "llmTtftMs": None, "ttsTtfbMs": None, "totalMs": None,
}  # fmt: skip
NOBODY: JsonObject = {"stt": None, "llm": None, "tts": None}


def entry(legs: JsonObject | None = None, **latency: float) -> JsonObject:
    return {"latency": {**UNKNOWN, **latency}, "legs": {**NOBODY, **(legs or {})}}


def test_bars_share_one_scale_and_name_who_served() -> None:
    """SES-9: the longest answer fills the width, so that turns compare by eye."""
    stt: JsonObject = {"stt": {"provider": "local", "model": "sphinx-free"}}
    short, silent, long = waterfall(
        [entry(stt, sttMs=100, totalMs=250), entry(), entry(vadMs=200, llmTtftMs=300, ttsTtfbMs=500, totalMs=1000)]
    )
    assert short == Bar(
        (Part("stt", "STT", 100, "local sphinx-free", 0, 100), Part("rest", "Other", 150, "", 100, 150)), 250, True
    )
    assert silent is None
    assert long is not None
    assert [(part.name, part.x, part.width) for part in long.parts] == [
        ("vad", 0, 200), ("llm", 200, 300), ("tts", 500, 500),
    ]  # fmt: skip


def test_overlapping_stages_are_shown_whole() -> None:
    """SES-9: stages that ran at once add up to more than the total; no number is hidden."""
    (bar,) = waterfall([entry(sttMs=300, llmTtftMs=300, totalMs=400)])
    assert bar is not None
    assert (bar.total_ms, bar.answered) == (600, True)
    assert [part.ms for part in bar.parts] == [300, 300]


def test_a_question_leaves_its_times_to_the_answer_that_repeats_them() -> None:
    """SES-9: one bar for one exchange."""
    asked, answered = waterfall([entry(vadMs=90, sttMs=210), entry(vadMs=90, sttMs=210, llmTtftMs=30, totalMs=400)])
    assert asked is None
    assert answered is not None
    (unanswered,) = waterfall([entry(vadMs=90, sttMs=210)])
    assert unanswered is not None
    assert (unanswered.total_ms, unanswered.answered) == (300, False)


def test_a_conversation_without_turns_has_no_bars() -> None:
    """SES-9: a caller who hung up at once is a page, not an error."""
    assert waterfall([]) == []
