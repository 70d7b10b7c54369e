"""`speko bench`: measure providers with your own data, and route by what was found."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import click
from pydantic import ValidationError

from speko_core.bench.benchmark import Benchmark
from speko_core.bench.data import read_data
from speko_core.bench.figures import columns, cost, facts, rows, sentence
from speko_core.bench.report import page
from speko_core.bench.schemas import Result
from speko_core.bench.statistics import ITEMS_TO_CLAIM
from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.routing.intent import Region
from speko_core.validation import field_problems
from speko_gateway import exit_codes
from speko_gateway.cli.bench_asked import Asked, question_of
from speko_gateway.cli.bench_publish import publish_result
from speko_gateway.cli.local import organization_id, organization_option, run_local
from speko_gateway.cli.output import json_option, progress, show_json, show_table

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
REPORTS = (".html", ".json")
yes_option = click.option("--yes", is_flag=True, help="Publish without asking.")


@click.group(short_help="Measure providers with your own data.")
def bench() -> None:
    """Measure providers with your own data, and route by what was found.

    Calls go to the providers directly, with the keys of this installation, and are billed by them. docs/benchmarks.md
    has the formats of data sets and says what the figures mean.
    """


@bench.command(short_help="Measure, side by side.")
@click.option("--modality", type=click.Choice(["stt", "tts", "llm"]), required=True, help="What is measured.")
@click.option("--data", type=FOLDER, required=True, help="Folder with recordings, texts or tasks.")
@click.option("--language", required=True, help="Tag such as en, en-US or es-MX.")
@click.option("--region", type=click.Choice([*Region]), default="global", show_default=True, help="Where this runs.")
@click.option("--providers", metavar="ID,...", help="Only these: provider or provider:model. Default: all with a key.")
@click.option("--recognizer", metavar="ID", help="Who writes down what was synthesized. Default: the first with a key.")
@click.option("--repeats", type=click.IntRange(1, 100), default=1, show_default=True, help="Calls for each item.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=1, show_default=True, help="Items at a time.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Of order and intervals.")
@click.option("--out", type=FILE, help="Write a report (.html) or the result (.json) here.")
@click.option("--publish", is_flag=True, help="Route by the result, after showing what that changes.")
@yes_option
@organization_option
@json_option
def run(**given: object) -> None:
    """Measure providers with the same items, side by side, and say what can be said.

    Ctrl-C ends the measuring and shows what there is. Exits with 1 when no call was answered or nothing was
    published, with 130 after Ctrl-C.
    """
    asked = _checked(given)
    found = read_data(asked.modality, asked.data, asked.language)
    if len(found.items) < ITEMS_TO_CLAIM:
        click.echo(f"With fewer than {ITEMS_TO_CLAIM} items nobody is called best, and nothing is published.", err=True)

    async def work(deps: Deps) -> int:
        organization = await organization_id(deps, asked.organization)
        benchmark = Benchmark(await question_of(deps, organization, asked, found), deps.clock)
        interrupted = await _measure(benchmark)
        result = benchmark.result()
        _show(result, asked)
        if interrupted:
            return exit_codes.INTERRUPTED
        if not any(one.quality for one in result.candidates):
            return exit_codes.FAILED
        return await publish_result(deps, organization, result, asked.publishing) if asked.publish else exit_codes.OK

    sys.exit(run_local(work))


@bench.command(short_help="Route by a result that was kept.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@yes_option
@organization_option
@json_option
def publish(file: Path, yes: bool, organization: str | None, as_json: bool) -> None:
    """Route by a result that `speko bench run` wrote with --out or --json, after showing what that changes.

    Exits with 1 when nothing was published.
    """
    _check_asking(as_json=as_json, yes=yes)
    try:
        result = Result.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise InvalidInput(f"{file} is no result of `speko bench run`: {field_problems(error)[0].field}.") from None

    async def work(deps: Deps) -> int:
        inside = await organization_id(deps, organization)
        return await publish_result(deps, inside, result, "json" if as_json else "silent" if yes else "ask")

    sys.exit(run_local(work))


def _checked(given: dict[str, object]) -> Asked:
    try:
        asked = Asked.model_validate(given)
    except ValidationError as error:
        problem = field_problems(error)[0]
        raise click.BadParameter(problem.problem, param_hint=f"--{problem.field}") from None
    if asked.publish:
        _check_asking(as_json=asked.as_json, yes=asked.yes)
    if asked.out is not None and asked.out.suffix not in REPORTS:
        raise click.BadParameter(f"must end in {' or '.join(REPORTS)}", param_hint="--out")
    return asked


def _check_asking(*, as_json: bool, yes: bool) -> None:
    if as_json and not yes:
        raise click.UsageError("--json cannot ask: add --yes to publish.")


async def _measure(benchmark: Benchmark) -> bool:
    """Run it; True when Ctrl-C ended it."""
    loop = asyncio.get_running_loop()
    with progress("measuring", benchmark.question.calls) as advance:
        running = asyncio.create_task(benchmark.run(lambda sample: advance()))
        loop.add_signal_handler(signal.SIGINT, running.cancel)
        try:
            with suppress(asyncio.CancelledError):
                await running
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            running.cancel()
    return running.cancelled()


def _show(result: Result, asked: Asked) -> None:
    written = result.model_dump_json(by_alias=True, indent=2)
    if asked.out is not None:
        asked.out.write_text(page(result) if asked.out.suffix == ".html" else written, encoding="utf-8")
    if asked.as_json:
        show_json(result.model_dump(mode="json", by_alias=True))
        return
    click.echo(facts(result))
    show_table(columns(result), rows(result), "")
    for verdict in result.verdicts:
        click.echo(sentence(verdict))
    click.echo(cost(result))
