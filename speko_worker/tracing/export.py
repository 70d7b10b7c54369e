"""Where spans go besides the session: to a collector that speaks OTLP over HTTP, when one is named."""

from functools import lru_cache

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from speko_core import VERSION

SERVICE = "speko-worker"
TIMEOUT_S = 5.0


@lru_cache(maxsize=8)
def tracer_provider(endpoint: str = "", headers: tuple[tuple[str, str], ...] = ()) -> TracerProvider:
    """The spans of this process. Without an endpoint nothing is sent anywhere.

    One for the process and each collector: its sender is a thread, which flushes when the process ends.
    """
    resource = Resource({SERVICE_NAME: SERVICE, SERVICE_VERSION: VERSION})
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=bool(endpoint))
    if endpoint:
        exporter = OTLPSpanExporter(_traces_url(endpoint), headers=dict(headers), timeout=TIMEOUT_S)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _traces_url(endpoint: str) -> str:
    """A collector's address, as OpenTelemetry's own variable has it, or that of its traces."""
    return endpoint if endpoint.endswith("/v1/traces") else endpoint.rstrip("/") + "/v1/traces"
