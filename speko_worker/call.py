"""One claimed session from its first word to its last report, whatever carries its media."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx
from livekit.agents.vad import VAD

from speko_core.sessions.plan import SessionPlan
from speko_worker.frames import EndReason
from speko_worker.gateway import Claim, SessionApi
from speko_worker.journal import Journal
from speko_worker.media.port import MediaTransport
from speko_worker.outcome import Outcome
from speko_worker.plugins import SpekoClient
from speko_worker.recording.call import CallRecording, Recorded
from speko_worker.recording.delivery import UPLOAD_TIMEOUT_S, deliver
from speko_worker.repeating import repeated
from speko_worker.reporting import TurnReporter
from speko_worker.session import CallSession
from speko_worker.tracing.export import tracer_provider
from speko_worker.tracing.trace import CallTrace

REPORT_TIMEOUT_S = 60.0
# Worth a few attempts, and less than the turns.
SPANS_BUDGET_S = 5.0


@dataclass(frozen=True)
class CallOptions:
    """Where a process that runs calls finds the gateway and keeps what it has not delivered."""

    gateway_url: str
    token: str = field(repr=False)
    journal_folder: Path
    recordings_folder: Path
    drain_timeout_s: float = 10.0
    # A collector of OpenTelemetry that is sent the spans of calls; none while empty.
    otlp_endpoint: str = ""
    otlp_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Call:
    """`run` once, then `report` once."""

    def __init__(
        self,
        options: CallOptions,
        http: httpx.AsyncClient,
        claim: Claim,
        media: MediaTransport,
        vad: VAD,
        instance_id: str,
    ) -> None:
        plan = claim.plan
        self._options = options
        self._api = SessionApi(http, options.gateway_url, plan.session_id, claim.token, instance_id)
        self._reporter = TurnReporter(self._api, Journal(options.journal_folder, plan.session_id, claim.token))
        self._recording = _recording(options, plan)
        if self._recording is not None:
            media.record_to(self._recording.tape)
        speko = SpekoClient(options.gateway_url, claim.token, http, session_id=plan.session_id)
        self._trace = CallTrace(plan, tracer_provider(options.otlp_endpoint, options.otlp_headers))
        self._session = CallSession(plan, media, self._api, self._reporter, speko, vad, self._trace)
        self._outcome = Outcome(EndReason.DRAIN)
        self._recorded: Recorded | None = None

    def stop(self, reason: EndReason) -> None:
        """Ask the call to end; the first reason counts."""
        self._session.stop(reason)

    async def run(self) -> None:
        """Carry the call out; returns when the caller is disconnected."""
        try:
            self._outcome = await self._session.run()
        finally:
            self._recorded = await self._recording.close() if self._recording else None

    async def report(self, *, draining: bool) -> None:
        """Deliver what is left: turns first, since the gateway may stop taking turns of a finished session.

        A process that drains has less time; what it cannot deliver stays in the journal.
        """
        hurried_s = self._options.drain_timeout_s / 2
        budget_s = hurried_s if draining else REPORT_TIMEOUT_S
        end, reporter = self._outcome.end, self._reporter
        reporter.ended(end)
        delivered = await reporter.flush(budget_s)
        trace = self._trace.finish(end.reason, end.error)
        if delivered:
            await repeated(lambda: self._api.post_spans(trace), SPANS_BUDGET_S, "spans")
        finished = delivered and await reporter.finish(end, budget_s)
        await reporter.aclose(keep_journal=not finished)
        if self._recording is not None:
            await deliver(self._api, self._recording, self._recorded, hurried_s if draining else UPLOAD_TIMEOUT_S)


def _recording(options: CallOptions, plan: SessionPlan) -> CallRecording | None:
    if not plan.record:
        return None
    return CallRecording(options.recordings_folder, plan.session_id, plan.input_sample_rate, plan.output_sample_rate)
