"""Completion of ids and names in resource addresses and prompts, with what the caller may read."""

from collections.abc import Sequence

from fastmcp import FastMCP
from fastmcp.exceptions import NotFoundError, ResourceError
from mcp_types import CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from speko_core.deps import Deps
from speko_core.docs_search.pages import page_names
from speko_core.types import JsonValue
from speko_mcp.resources import Reader

LANGUAGES = ("en-US", "en-GB", "de-DE", "es-ES", "fr-FR", "it-IT", "pt-BR", "nl-NL", "ja-JP", "hi-IN")
PLATFORMS = (
    "bland", "bolna", "deepgram", "dograh", "elevenlabs", "hume", "livekit", "openai", "pipecat", "retell", "synthflow",
    "telnyx", "ten", "twilio", "ultravox", "vapi", "vocode",
)  # fmt: skip
_RECENT = 50
Reference = PromptReference | ResourceTemplateReference


def add_completion(server: FastMCP[None], deps: Deps) -> None:
    """Give the server its one completion handler."""
    reader = Reader(deps)

    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> list[str]:
        where = ref.name if isinstance(ref, PromptReference) else ref.uri
        return [value for value in await _candidates(reader, where, argument.name) if value.startswith(argument.value)]

    server.completion(complete)


async def _candidates(reader: Reader, where: str, argument: str) -> Sequence[str]:
    known: dict[tuple[str, str], Sequence[str]] = {
        ("quickstart", "language"): LANGUAGES,
        ("migrate", "platform"): PLATFORMS,
        ("speko://docs/{page}", "page"): page_names(),
    }
    try:
        if (where, argument) == ("speko://agents/{id}", "id"):
            return _ids(await reader.read("agents.list", {}), "id")
        if (where, argument) in (("speko://calls/{id}", "id"), ("debug_call", "session_id")):
            return _ids(await reader.read("sessions.list", {"limit": _RECENT}), "sessionId")
    except (NotFoundError, ResourceError):
        return ()
    return known.get((where, argument), ())


def _ids(value: JsonValue, key: str) -> list[str]:
    rows = value.get("entries", []) if isinstance(value, dict) else value
    return [str(row[key]) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
