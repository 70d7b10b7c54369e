"""What a verification is asked and answers."""

from typing import Literal

from pydantic import Field

from speko_core.migration.build import Shown
from speko_core.migration.schemas import MigrationBuild, RefusedFile
from speko_core.migration.verify.scenarios import Kind

How = Literal["run", "simulated", "live", "compared"]
Result = Literal["matches", "differs", "missing", "not_tried"]


class MigrationVerify(MigrationBuild):
    """What to verify: `files`, or a `neutral` model that parse returned. Nothing is created."""

    live: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="Names of webhook tools to really call, once each, with example arguments. They must be applied: "
        "the tool stored here, with its keys, makes the call. All other answers of tools are simulated.",
    )


class Check(Shown):
    """One scenario and how it ended.

    `run`: on the offline model. `simulated`: on the offline model, with the tool's answer made up. `live`: the server
    was really called. `compared`: the settings of a session were compared.
    """

    agent: str
    kind: Kind
    subject: str
    expected: str
    seen: str
    how: How
    result: Result


class Verified(Shown):
    """The checks of one agent, squad or flow."""

    platform: str
    source_digest: str
    checks: list[Check]
    counts: dict[str, int] = Field(description="How many checks ended in which result.")


class MigrationVerified(Shown):
    """`equivalent` is true when nothing differs and nothing is missing."""

    equivalent: bool
    verified: list[Verified]
    refused: list[RefusedFile]
