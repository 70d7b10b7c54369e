"""Requests and answers about snippets and the web app."""

from typing import Literal

from pydantic import Field

from speko_core.schemas import Input, Output

Task = Literal["talk", "complete", "synthesize", "transcribe"]
CodeLanguage = Literal["python", "node", "curl", "react"]
APP_NAME = r"^[a-z][a-z0-9-]{0,62}[a-z0-9]$"


class SnippetQuery(Input):
    """Which code to show."""

    code_language: CodeLanguage = Field(description="`react` has the task talk only.")
    task: Task = Field("talk", description="`talk` starts a voice session; the others are single calls.")
    agent_id: str | None = Field(None, max_length=80, description="From list_agents; absent: the oldest agent.")


class Snippet(Output):
    """Code that runs as it is."""

    code: str
    file_name: str
    install: str | None = Field(description="What to install first, if anything.")
    run: str = Field(description="How to run it.")
    needs: list[str] = Field(description="Environment variables and files that it reads.")


class ScaffoldQuery(Input):
    """Which web app to write."""

    agent_id: str | None = Field(None, max_length=80, description="From list_agents; absent: the oldest agent.")
    app_name: str = Field("voice-app", pattern=APP_NAME, description="Name of the package and its folder.")


class AppFile(Output):
    """One file, to be written as it is."""

    path: str = Field(description="Relative to the app's folder.")
    content: str


class Scaffold(Output):
    """A small web app without dependencies."""

    files: list[AppFile]
    commands: list[str] = Field(description="In the app's folder, in this order.")
    agent_id: str
    needs: list[str]
