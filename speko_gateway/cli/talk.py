"""`speko talk`: a conversation without a browser, over the same transport."""

import asyncio
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from speko_core.types import JsonObject, JsonValue
from speko_gateway import exit_codes
from speko_gateway.cli.output import json_option, show_json
from speko_gateway.cli.talk_session import STEPS, Conversation, TalkFailed, converse

_LATENCIES = {"sttMs": "heard", "llmTtftMs": "thought", "ttsTtfbMs": "spoke", "totalMs": "in all"}


@click.command(short_help="Talk to an agent with a WAV file instead of a microphone.")
@click.option("--agent", default="Default", show_default=True, metavar="NAME", help="Name or id of the agent.")
@click.option("--in", "wav_in", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What you say: WAV.")
@click.option("--text", help="What you type instead, or after it.")
@click.option(
    "--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Where the reply goes: WAV."
)
@click.option("--url", help="The server. Default: SPEKO_GATEWAY_URL, else the one on this machine.")
@click.option("--api-key", envvar="SPEKO_API_KEY", show_envvar=True, help="Default: a test key for this conversation.")
@click.option("--timeout", type=click.FloatRange(5, 600), default=90.0, show_default=True, help="Seconds, at most.")
@json_option
def talk(
    agent: str,
    wav_in: Path | None,
    text: str | None,
    out: Path | None,
    url: str | None,
    api_key: str | None,
    timeout: float,
    as_json: bool,
) -> None:
    """Talk to an agent: say a WAV file, hear the reply, read the transcript.

    Real audio goes through a real session: recognition, language model, speech. The turns are printed with their
    latencies; --json prints them whole, with the provider of each leg.
    """
    if wav_in is None and not text:
        raise click.UsageError("Say something: --in caller.wav or --text.")
    wanted = Conversation(agent, wav_in.read_bytes() if wav_in else None, text, url, api_key, timeout)
    try:
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Talking", total=STEPS)
            report, wav = asyncio.run(converse(wanted, lambda: progress.advance(task)))
    except TalkFailed as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if out is not None:
        out.write_bytes(wav)
    if as_json:
        show_json(report)
    else:
        _show(report, out)
    broken = report["timedOut"] or report["endReason"] == "error"
    sys.exit(exit_codes.FAILED if broken else exit_codes.OK)


def _show(report: JsonObject, out: Path | None) -> None:
    assert isinstance(report["turns"], list)
    for turn in report["turns"]:
        assert isinstance(turn, dict)
        click.echo(f"{turn['source']!s:<6} {turn['text']}")
        line = _latency(turn.get("latency"))
        if line:
            click.secho(f"       {line}", dim=True)
    click.echo(f"Session {report['sessionId']} {report['status']}" + (f"; the reply is in {out}." if out else "."))


def _latency(latency: JsonValue) -> str:
    if not isinstance(latency, dict):
        return ""
    known = [(word, latency.get(name)) for name, word in _LATENCIES.items()]
    return ", ".join(f"{word} {value:.0f} ms" for word, value in known if isinstance(value, int | float))
