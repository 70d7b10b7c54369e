"""One benchmark from its items to its result. What was measured is kept at any moment, so it may be cancelled."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from speko_core.bench.items import DataSet
from speko_core.bench.language_model import LanguageModel
from speko_core.bench.measured import Measure, Sample
from speko_core.bench.run import Plan, run, warm_up
from speko_core.bench.schemas import Call, Candidate, DataFacts, Result
from speko_core.bench.speech_to_text import SpeechToText
from speko_core.bench.summary import answers_of, candidate_of
from speko_core.bench.targets import Target
from speko_core.bench.text_to_speech import TextToSpeech
from speko_core.bench.texts import NORMALIZER
from speko_core.bench.verdicts import verdicts
from speko_core.ports.clock import Clock
from speko_core.providers.base import Modality
from speko_core.routing.intent import Region

# Who fails more often is not compared and not published: what it did answer may be the easy part.
MAX_FAILED: Final = 0.05


@dataclass(frozen=True)
class Question:
    """What is to be found out. Synthesis needs a recognizer."""

    modality: Modality
    language: str
    region: Region
    data: DataSet
    targets: tuple[Target, ...]
    plan: Plan
    recognizer: Target | None = None

    @property
    def calls(self) -> int:
        """How many calls are counted in the end."""
        return len(self.data.items) * len(self.targets) * self.plan.repeats

    def measure(self) -> Measure:
        """How its modality is measured."""
        if self.modality is Modality.TTS:
            assert self.recognizer is not None
            return TextToSpeech(self.language, self.recognizer)
        return SpeechToText(self.language) if self.modality is Modality.STT else LanguageModel(self.language)


@dataclass
class Benchmark:
    """A run of a question, and what it has measured so far."""

    question: Question
    clock: Clock
    samples: list[Sample] = field(default_factory=list)
    _cold: dict[str, float | None] = field(default_factory=dict)
    _started_at: datetime | None = None

    async def run(self, on_sample: Callable[[Sample], None]) -> None:
        """Measure everything; `on_sample` sees each measurement once it is kept."""
        question, measure = self.question, self.question.measure()
        self._started_at = self.clock.now()

        def keep(sample: Sample) -> None:
            self.samples.append(sample)
            on_sample(sample)

        self._cold = await warm_up(question.targets, question.data.items[0], measure)
        await run(question.data.items, question.targets, measure, question.plan, keep)

    def result(self) -> Result:
        """What can be said from the measurements that there are."""
        question, metrics, seed = self.question, self.question.measure().metrics(), self.question.plan.seed
        found = [
            candidate_of(target, self.samples, metrics, self._cold.get(target.id), seed) for target in question.targets
        ]
        steady = {one.id for one in found if is_steady(one)}
        answers = {name: one for name, one in answers_of(self.samples).items() if name in steady}
        now = self.clock.now()
        return Result(
            modality=question.modality,
            language=question.language,
            region=question.region,
            data=DataFacts(name=question.data.name, digest=question.data.digest, items=len(question.data.items)),
            normalizer=None if question.modality is Modality.LLM else NORMALIZER,
            recognizer=question.recognizer.id if question.recognizer else None,
            repeats=question.plan.repeats,
            concurrency=question.plan.concurrency,
            seed=seed,
            started_at=self._started_at or now,
            finished_at=now,
            interrupted=len(self.samples) < question.calls,
            candidates=found,
            verdicts=verdicts(answers, metrics, seed),
            calls=[self._call(sample) for sample in self.samples],
        )

    def _call(self, sample: Sample) -> Call:
        scores = sample.answer.scores if sample.answer else {}
        return Call(
            id=sample.candidate,
            item=self.question.data.items[sample.item].name,
            repeat=sample.repeat,
            waited_ms=round(sample.answer.waited_ms, 1) if sample.answer else None,
            errors={metric: score.errors for metric, score in scores.items()},
            of={metric: score.of for metric, score in scores.items()},
            failure=str(sample.failure) if sample.failure is not None else None,
        )


def is_steady(candidate: Candidate) -> bool:
    """True when it answered nearly all calls."""
    return candidate.calls > 0 and sum(candidate.failures.values()) <= MAX_FAILED * candidate.calls
