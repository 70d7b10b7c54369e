"""Snippets and the web app as operations."""

from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.starter import schemas, service

NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No agent with this id exists in the authenticated organization.")
TAG = "Docs"

SNIPPET = Operation(
    id="snippets.get",
    summary="Get a code snippet",
    description="Code that runs as it is against this installation and one of the organization's agents.",
    scope="agents:read",
    effect="read",
    input=schemas.SnippetQuery,
    output=schemas.Snippet,
    run=service.get_snippet,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/snippets", tag=TAG),
    tool=ToolBinding(
        "get_code_snippet",
        "Get code snippet",
        "Use when the person wants code: starting a conversation, or a single call to complete, synthesize or "
        "transcribe, in Python, Node, curl or React. Returns code for this server that runs as it is, and how.",
        toolset="docs",
        next_steps=("scaffold_app for a whole web app", "search_docs for other fields of the call"),
    ),
)
SCAFFOLD = Operation(
    id="apps.scaffold",
    summary="Scaffold a web app",
    description="The files of a small web app, without dependencies, in which people talk to an agent.",
    scope="agents:read",
    effect="read",
    input=schemas.ScaffoldQuery,
    output=schemas.Scaffold,
    run=service.scaffold,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/scaffold", tag=TAG),
    tool=ToolBinding(
        "scaffold_app",
        "Scaffold app",
        "Use when the person wants a web app around an agent. Returns files: write each as it is, then run the "
        "commands. The app keeps the API key on its server and talks by microphone or typing.",
        toolset="docs",
        next_steps=("write every file, put the key into .env, run the commands", "open http://127.0.0.1:3000 and talk"),
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (SNIPPET, SCAFFOLD)
