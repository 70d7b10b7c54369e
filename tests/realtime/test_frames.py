"""The frames that callers send."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from speko_core.providers.realtime import Clear, Commit, ToolResult
from speko_core.realtime.frames import Stop, read_frame

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["t", "action", "callId", "output"]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.text(max_size=40) | JSON.map(lambda value: json.dumps(value)))
def test_whatever_a_caller_sends_is_understood_or_passed_over(text: str) -> None:
    """SES-6: unknown frames and bad JSON are ignored, as clients expect."""
    assert isinstance(read_frame(text), Commit | Clear | Stop | ToolResult | None)


def test_a_tool_s_answer_may_be_any_json() -> None:
    """SES-6: clients send text; who sends an object means its text."""
    frames = ['{"t":"tool_result","callId":"c","output":"x"}', '{"t":"tool_result","callId":"c","output":{"a":1}}']
    assert [read_frame(frame) for frame in frames] == [ToolResult("c", "x"), ToolResult("c", '{"a":1}')]
