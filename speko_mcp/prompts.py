"""Prompts a person picks in their client: the files `prompts/mcp_*.md`, with what the person fills in."""

from typing import Annotated

from fastmcp import FastMCP
from fastmcp.prompts import Prompt
from pydantic import Field

from speko_core.prompting import prompt
from speko_core.types import JsonObject


async def quickstart(
    purpose: Annotated[str, Field(description="What the agent is for.")] = "a friendly assistant",
    language: Annotated[str, Field(description="Language tag, e.g. en-US.")] = "en-US",
    name: Annotated[str, Field(description="Name of the agent.")] = "my-first-agent",
) -> str:
    """Build a voice agent from nothing, deploy it, talk to it, and wrap a web app around it."""
    return _filled("mcp_quickstart", {"purpose": purpose, "language": language, "name": name})


async def migrate(
    platform: Annotated[str, Field(description="Where the agents are now, e.g. vapi or retell.")],
    path: Annotated[str, Field(description="File or folder that holds them.")] = "this workspace",
) -> str:
    """Move voice agents from another platform here, and say what does not carry over."""
    return _filled("mcp_migrate", {"platform": platform, "path": path})


async def debug_call(
    session_id: Annotated[str, Field(description="From list_sessions; empty: the newest that failed.")] = "",
    complaint: Annotated[str, Field(description="What went wrong, in the person's words.")] = "it did not work",
) -> str:
    """Find out why a conversation went wrong: connection, latency, words, or the agent's instructions."""
    return _filled("mcp_debug_call", {"session_id": session_id or "the newest failed one", "complaint": complaint})


def add_prompts(server: FastMCP[None]) -> None:
    """Give the server its prompts."""
    for function, title in ((quickstart, "Build a voice agent"), (migrate, "Migrate"), (debug_call, "Debug a call")):
        server.add_prompt(Prompt.from_function(function, title=title, description=function.__doc__))


def _filled(name: str, values: JsonObject) -> str:
    text = prompt(name)
    for key, value in values.items():
        text = text.replace("{" + key + "}", str(value).strip()[:500])
    return text
