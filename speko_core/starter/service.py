"""Code for a customer's agent: a snippet, or a whole web app."""

from speko_core.agents.choice import chosen_agent
from speko_core.agents.models import Agent
from speko_core.agents.render import render
from speko_core.context import Ctx
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.starter.files import filled, snippet, web_app
from speko_core.starter.schemas import AppFile, Scaffold, ScaffoldQuery, Snippet, SnippetQuery

KEY = "SPEKO_API_KEY: an API key, in the environment"
_ENDINGS = {"python": "py", "node": "mjs", "curl": "sh", "react": "jsx"}
_RUNNERS = {"python": "python", "node": "node", "curl": "sh"}
COMMANDS = ("cp env.example .env", "npm run build", "npm start")


async def get_snippet(ctx: Ctx, query: SnippetQuery) -> Snippet:
    """Code for one task in one language.

    Raises:
        InvalidInput: there is no such snippet.
        NotFound: no such agent here.
    """
    template = snippet(query.task, query.code_language)
    if template is None:
        problem = FieldProblem("task", f"must be talk where codeLanguage is {query.code_language}")
        raise InvalidInput(f"Invalid request: {problem.field}: {problem.problem}", fields=[problem])
    agent = await chosen_agent(ctx, query.agent_id)
    name = f"{query.task}.{_ENDINGS[query.code_language]}"
    runner = _RUNNERS.get(query.code_language)
    return Snippet(
        code=filled(template, _values(ctx, agent)),
        file_name=name,
        install="pip install spekoai" if "from spekoai" in template else None,
        run=f"{runner} {name}" if runner else "Import the component; its first lines say what your server adds.",
        needs=[KEY, *(["call.wav: a recording"] if query.task == "transcribe" else [])],
    )


async def scaffold(ctx: Ctx, query: ScaffoldQuery) -> Scaffold:
    """A web app around one agent.

    Raises:
        NotFound: no such agent here.
    """
    agent = await chosen_agent(ctx, query.agent_id)
    values = {**_values(ctx, agent), "app_name": query.app_name, "agent_name": agent.name}
    files = [AppFile(path=path, content=filled(template, values, path)) for path, template in web_app()]
    return Scaffold(files=files, commands=list(COMMANDS), agent_id=agent.id, needs=[f"{KEY} or in .env", "Node 20"])


def _values(ctx: Ctx, agent: Agent) -> dict[str, str]:
    language = render(agent).intent.language
    return {"base_url": ctx.deps.settings.base_url, "agent_id": agent.id, "language": language}
