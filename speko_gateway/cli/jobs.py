"""`speko jobs`: the jobs role, and what it did."""

from dataclasses import asdict
from typing import cast, get_args

import click

from speko_core.deps import Deps
from speko_core.ports.jobs import JobRecord, JobStatus
from speko_core.schemas import wire_time
from speko_gateway.cli.local import run_local
from speko_gateway.cli.output import json_option, show_json, show_table
from speko_gateway.cli.roles import run_role, supervised_option


@click.group(invoke_without_command=True, short_help="Run the jobs role, or see what it did.")
@supervised_option
@click.pass_context
def jobs(ctx: click.Context, supervisor_fd: int | None) -> None:
    """Run the jobs role, or see what it did.

    Without a command it runs background work until SIGTERM.
    """
    if ctx.invoked_subcommand is None:
        run_role("jobs", supervisor_fd)


@jobs.command(name="list")
@click.option("--status", type=click.Choice(get_args(JobStatus)), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def list_(status: str | None, limit: int, as_json: bool) -> None:
    """List background work, newest first."""

    async def work(deps: Deps) -> list[JobRecord]:
        return await deps.jobs.recent(limit=limit, status=cast(JobStatus | None, status))

    records = run_local(work)
    if as_json:
        show_json({"jobs": [_as_json(record) for record in records]})
        return
    columns = ("id", "kind", "status", "attempts", "created", "updated", "error")
    show_table(columns, [_row(record) for record in records], "No jobs have run yet.")


@jobs.command()
@click.argument("job_id")
@json_option
def retry(job_id: str, as_json: bool) -> None:
    """Run a failed or cancelled job again."""

    async def work(deps: Deps) -> bool:
        return await deps.jobs.retry(job_id)

    retried = run_local(work)
    if as_json:
        show_json({"id": job_id, "retried": retried})
    else:
        click.echo(f"{job_id} runs again." if retried else f"There is no failed or cancelled job {job_id}.")
    if not retried:
        click.get_current_context().exit(1)


def _as_json(record: JobRecord) -> dict[str, object]:
    times = {"created_at": wire_time(record.created_at), "updated_at": wire_time(record.updated_at)}
    return {**asdict(record), **times}


def _row(record: JobRecord) -> tuple[str, ...]:
    created, updated = wire_time(record.created_at), wire_time(record.updated_at)
    return (record.id, record.name, record.status, str(record.attempts), created, updated, record.error or "-")
