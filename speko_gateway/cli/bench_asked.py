"""What a benchmark was asked on the command line, and the question that makes."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from speko_core.bench.benchmark import Question
from speko_core.bench.items import DataSet
from speko_core.bench.run import Plan
from speko_core.bench.targets import recognizer, targets
from speko_core.deps import Deps
from speko_core.principal import ALL_SCOPES, Principal
from speko_core.providers.base import Modality
from speko_core.routing.intent import Language, Region
from speko_core.warming import warm

Publishing = Literal["ask", "silent", "json"]


class Asked(BaseModel):
    """The options of `speko bench run`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    modality: Modality
    data: Path
    language: Language
    region: Region
    providers: tuple[str, ...]
    recognizer: str | None
    repeats: int
    concurrency: int
    seed: int
    out: Path | None
    publish: bool
    yes: bool
    organization: str | None
    as_json: bool

    @field_validator("providers", mode="before")
    @classmethod
    def _split(cls, value: str | None) -> tuple[str, ...]:
        return tuple(name.strip() for name in (value or "").split(",") if name.strip())

    @property
    def publishing(self) -> Publishing:
        """How to publish."""
        return "json" if self.as_json else "silent" if self.yes else "ask"


async def question_of(deps: Deps, organization: str, asked: Asked, found: DataSet) -> Question:
    """The question, with the models that it is put to.

    Raises:
        InvalidInput: a model that was named cannot be called.
    """
    await warm(deps, organization)
    caller = Principal("system", "cli", organization, ALL_SCOPES, label="command line")
    speaks = asked.modality is Modality.TTS
    return Question(
        modality=asked.modality,
        language=asked.language,
        region=asked.region,
        data=found,
        targets=targets(deps, caller, asked.modality, asked.language, asked.providers),
        plan=Plan(asked.repeats, asked.concurrency, asked.seed),
        recognizer=recognizer(deps, caller, asked.language, asked.recognizer) if speaks else None,
    )
