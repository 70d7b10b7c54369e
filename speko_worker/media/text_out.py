"""The agent's words on their way to the caller, in step with the audio."""

from collections.abc import Callable

from livekit.agents.voice import io

from speko_core.types import JsonObject
from speko_worker import frames


class TranscriptSink(io.TextOutput):
    """Publishes cumulative `transcript` frames, one segment a reply, the last one final."""

    def __init__(self, send: Callable[[JsonObject], None]) -> None:
        super().__init__(label="speko.transcript", next_in_chain=None)
        self._send = send
        self._segment = 0
        self._text = ""

    async def capture_text(self, text: str) -> None:
        """The next words of the present segment."""
        self._text += text
        self._publish(is_final=False)

    def flush(self) -> None:
        """The segment is complete, or was cut."""
        if self._text:
            self._publish(is_final=True)
        self._text = ""
        self._segment += 1

    def _publish(self, *, is_final: bool) -> None:
        self._send(frames.transcript("agent", f"agent-{self._segment}", self._text, is_final=is_final))
