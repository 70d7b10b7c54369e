"""The examples of docs/webhooks.md do what the page says."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from speko_core.webhooks import attempts, claims, rules
from speko_core.webhooks.operations import OPERATIONS
from speko_core.webhooks.signing import new_secret, signed_headers

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
BODY = json.dumps({"type": "call.report", "summary": "Lúna"}, ensure_ascii=False)
NODE = shutil.which("node")
RUN = """
import { readFileSync } from 'node:fs';
const { secret, headers, body } = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(verified(secret, headers, body)));
"""


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def headers(secrets: list[str], age_s: float = 0) -> dict[str, str]:
    return signed_headers(secrets, "whd_1", datetime.now(UTC) - timedelta(seconds=age_s), BODY.encode())


def test_the_python_example_verifies_what_we_send_and_nothing_else() -> None:
    """AGT-3: also with the older of two secrets."""
    namespace: dict[str, Any] = {}
    exec(compile(example("python"), "docs/webhooks.md", "exec"), namespace)
    verified, old = namespace["verified"], new_secret()
    assert verified(old, headers([new_secret(), old]), BODY.encode()) == json.loads(BODY)
    for secret, sent in ((new_secret(), headers([old])), (old, headers([old], age_s=400))):
        with pytest.raises(WebhookVerificationError):
            verified(secret, sent, BODY.encode())


@pytest.mark.skipif(NODE is None, reason="no Node here")
def test_the_node_example_verifies_what_we_send_and_nothing_else() -> None:
    """AGT-3: also with the older of two secrets."""
    old = new_secret()

    def run(secret: str, sent: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        assert NODE is not None
        return subprocess.run(
            [NODE, "--input-type=module", "-e", example("js") + RUN],
            input=json.dumps({"secret": secret, "headers": sent, "body": BODY}),
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    good = run(old, headers([new_secret(), old]))
    assert json.loads(good.stdout) == json.loads(BODY), good.stderr
    assert "no signature matches" in run(new_secret(), headers([old])).stderr
    assert "too old" in run(old, headers([old], age_s=400)).stderr


def test_the_page_names_every_operation_and_the_limits_as_they_are() -> None:
    """TEL-10"""
    for operation in OPERATIONS:
        assert operation.http is not None
        assert operation.tool is not None
        row = f"| `{operation.http.method} {operation.http.path}` | `{operation.tool.name}` | `{operation.scope}` |"
        assert row in PAGE
    assert f"there are {claims.PER_ENDPOINT} an" in PAGE
    assert f"first {attempts.SHOWN_BYTES}" in PAGE
    assert timedelta(hours=24) == rules.LIFETIME
    assert timedelta(minutes=5) == rules.MOMENT
