"""What `gateway.py` compares: the fake provider itself, this product's web role, LiteLLM and Portkey.

Each is started as its users start it, with one process and one key, in front of the same fake provider. Only this
product decides a route, stores the decision and books usage and price of every call in its database.
"""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

HOST = "127.0.0.1"
SYSTEM = "You are a helpful voice assistant. Keep answers short and speakable. " * 8
QUESTION = "What are your opening hours on Saturday, and can I book a table for four people?"
# Portkey 1.15.2 appends to the headers of fetch()'s answers, which Node 20 refuses: give it a copy it may change.
PORTKEY_PATCH = """
const original = globalThis.fetch;
globalThis.fetch = async (...args) => {
  const answer = await original(...args);
  const { status, statusText, headers } = answer;
  return new Response(answer.body, { status, statusText, headers });
};
"""


@dataclass(frozen=True)
class Target:
    """One gateway: how it starts, where it listens, how it is asked."""

    name: str
    port: int
    path: str
    headers: Mapping[str, str]
    body: Callable[[str, bool], str]
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    health: str = "/"
    # Slow gateways get fewer requests; the CPU time of each is what counts.
    share: float = 1.0


def openai_body(pace: str, stream: bool) -> str:
    """A request in OpenAI's words."""
    messages = [{"role": "system", "content": SYSTEM + pace}, {"role": "user", "content": QUESTION}]
    more = {"stream_options": {"include_usage": True}} if stream else {}
    return json.dumps({"model": "bench", "messages": messages, "stream": stream, **more}, separators=(",", ":"))


def speko_body(pace: str, stream: bool) -> str:
    """The same request in ours."""
    messages = [{"role": "system", "content": SYSTEM + pace}, {"role": "user", "content": QUESTION}]
    return json.dumps({"messages": messages, "intent": {"language": "en-US"}}, separators=(",", ":"))


def direct(upstream: int) -> Target:
    """The fake provider without a gateway: what the others add is measured against it."""
    headers = {"content-type": "application/json", "authorization": "Bearer k"}
    return Target("direct", upstream, "/v1/chat/completions", headers, openai_body)


def speko(executable: str, folder: Path, upstream: int, port: int) -> Target:
    """The web role with a fresh database and the catalogue's OpenAI at the fake provider, called with a managed key."""
    environment = {
        "SPEKO_DATA_DIR": str(folder / "speko"),
        "SPEKO_PORT": str(port),
        "SPEKO_LOG_TO": "files",
        "SPEKO_PROVIDER_KEY_OPENAI": "k",
        "SPEKO_PROVIDER_URL_OPENAI": f"http://{HOST}:{upstream}/v1",
        # The limiter counts every call; the limit itself must not be what is measured.
        "SPEKO_RATE_LIMIT_PER_KEY": "100000000",
        "SPEKO_RATE_LIMIT_PER_ORGANIZATION": "100000000",
    }
    path, body = "/v1/complete", speko_body
    target = Target("speko", port, path, {}, body, (executable, "web"), environment, "/healthz")
    headers = {"content-type": "application/json", "authorization": f"Bearer {first_key(target, folder)}"}
    return replace(target, headers=headers)


def first_key(target: Target, folder: Path) -> str:
    """Start once, so that there is an organization, and make a key for it.

    Raises:
        RuntimeError: it did not start.
    """
    environment = {**os.environ, **target.environment}
    started = subprocess.Popen(target.command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until_up(target, started)
    finally:
        started.terminate()
        started.wait(30)
    command = (target.command[0], "keys", "create", "--name", "benchmark")
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
    return output.stdout.splitlines()[0].strip()


def litellm(home: Path, folder: Path, upstream: int, port: int) -> Target:
    """LiteLLM's proxy from the virtual environment `home`, without a database: lighter than in production."""
    served = {"model": "openai/bench", "api_base": f"http://{HOST}:{upstream}/v1", "api_key": "k"}
    config = {
        "model_list": [{"model_name": "bench", "litellm_params": served}],
        "litellm_settings": {"num_retries": 0, "request_timeout": 60, "set_verbose": False, "callbacks": []},
        "general_settings": {"master_key": "sk-bench-1234"},
    }
    # JSON is YAML.
    (folder / "litellm.yaml").write_text(json.dumps(config))
    command = (str(home / "bin" / "litellm"), "--config", str(folder / "litellm.yaml"), "--host", HOST)
    environment = {
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "DISABLE_ADMIN_UI": "True",
        "NO_DOCS": "True",
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
    }
    headers = {"content-type": "application/json", "authorization": "Bearer sk-bench-1234"}
    more = ("--port", str(port), "--num_workers", "1", "--telemetry", "False")
    path, health = "/v1/chat/completions", "/health/liveliness"
    return Target("litellm", port, path, headers, openai_body, (*command, *more), environment, health, 0.12)


def portkey(home: Path, folder: Path, upstream: int, port: int) -> Target:
    """Portkey's gateway from the folder `home` that npm installed it into."""
    (folder / "portkey.mjs").write_text(PORTKEY_PATCH)
    server = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    command = ("node", "--import", str(folder / "portkey.mjs"), str(server), f"--port={port}", "--headless")
    environment = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": HOST}
    headers = {
        "content-type": "application/json",
        "authorization": "Bearer k",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://{HOST}:{upstream}/v1",
    }
    return Target("portkey", port, "/v1/chat/completions", headers, openai_body, command, environment, "/", 0.4)


def wait_until_up(target: Target, process: "subprocess.Popen[bytes]", timeout_s: float = 120.0) -> float:
    """Seconds until it answers.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    begun = time.monotonic()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() - begun < timeout_s and process.poll() is None:
        try:
            opener.open(f"http://{HOST}:{target.port}{target.health}", timeout=2).close()
            return time.monotonic() - begun
        except urllib.error.HTTPError:
            return time.monotonic() - begun
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{target.name} did not start")
