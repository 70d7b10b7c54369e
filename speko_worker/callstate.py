"""What a running call knows about itself: who speaks, since when it is quiet, what is still unheard."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from speko_worker.rules import AgentState, Snapshot


@dataclass
class CallState:
    """Facts of one call, in monotonic seconds, kept up to date by its listener."""

    ends_at: float
    now: Callable[[], float] = time.monotonic
    agent: AgentState = "listening"
    agent_since: float = 0.0
    user_speaking: bool = False
    awaiting_words: bool = False
    quiet_since: float | None = None
    prompts_said: int = 0
    unsticks: int = 0
    ending_since: float | None = None
    # Since the caller last spoke.
    handovers: int = 0

    def begin(self) -> None:
        """The conversation is open."""
        self.agent_since = self.now()
        self._note_quiet()

    def agent_is(self, state: AgentState) -> None:
        """The agent changed what it does."""
        self.agent, self.agent_since = state, self.now()
        self._note_quiet()

    def user_is(self, *, speaking: bool) -> None:
        """The caller started or stopped speaking."""
        self.user_speaking = speaking
        self.awaiting_words = self.awaiting_words or speaking
        self._note_quiet()

    def heard(self) -> None:
        """The caller said or typed words."""
        self.awaiting_words = self.user_speaking
        self.prompts_said = 0
        self.unsticks = 0
        self.handovers = 0
        self.ending_since = None  # the caller goes on, so the call does
        if self.quiet_since is not None:
            self.quiet_since = self.now()

    def prompted(self) -> int:
        """An idle prompt is about to be said; returns its position. The agent's speech restarts the count."""
        self.prompts_said += 1
        self.quiet_since = None
        return self.prompts_said - 1

    def asked_to_end(self) -> None:
        """A tool ends the call, once the agent has said its goodbye."""
        self.ending_since = self.now()

    def unstuck(self) -> int:
        """The agent is being restarted; returns how often so far."""
        self.unsticks += 1
        self.agent_since = self.now()
        return self.unsticks

    def snapshot(self, stalled_since: float | None) -> Snapshot:
        """One consistent look for the rules."""
        return Snapshot(
            now=self.now(),
            ends_at=self.ends_at,
            agent=self.agent,
            agent_since=self.agent_since,
            user_speaking=self.user_speaking,
            quiet_since=self.quiet_since,
            prompts_said=self.prompts_said,
            stalled_since=stalled_since,
            ending_since=self.ending_since,
        )

    def _note_quiet(self) -> None:
        if self.agent != "listening" or self.user_speaking:
            self.quiet_since = None
        elif self.quiet_since is None:
            self.quiet_since = self.now()
