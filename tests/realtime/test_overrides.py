"""What an answer before the call changes in a speech-to-speech session (TEL-4)."""

from speko_core.sessions.overrides import overridden
from speko_core.sessions.plan import PlanIntent, PlanRealtime, SessionPlan

REALTIME = PlanRealtime(voice="marin", input_sample_rate=24_000, output_sample_rate=24_000)
PLAN = SessionPlan(
    session_id="s",
    organization_id="o",
    mode="live",
    agent_id=None,
    agent_name=None,
    intent=PlanIntent(language="en"),
    system_prompt="",
    expires_at="2026-01-01T00:00:00.000Z",
    max_duration_s=60,
    realtime=REALTIME,
)


def test_voice_model_and_temperature_reach_the_model_that_speaks() -> None:
    """SES-6, TEL-4"""
    offered = {
        "voice": "alloy",
        "llm": {"temperature": 0.2},
        "constraints": {"allowedProviders": {"s2s": ["openai"]}},
    }
    changed, refused = overridden(PLAN, offered)

    assert refused == ()
    assert changed.realtime == REALTIME.model_copy(update={"voice": "alloy", "temperature": 0.2, "models": ("openai",)})
