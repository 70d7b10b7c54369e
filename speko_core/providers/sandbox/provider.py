"""Put the sandbox model together for one process."""

from speko_core.providers.base import Provider
from speko_core.providers.sandbox.llm import SandboxLlm
from speko_core.settings import Settings

VENDOR = "sandbox"


def build_sandbox(_settings: Settings) -> Provider:
    """The adapter of `sandbox-1`; it needs no key and starts nothing."""
    return Provider(VENDOR, llm=SandboxLlm(), sandbox=True, needs_key=False)
