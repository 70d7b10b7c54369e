"""The official Python SDK, unmodified, in an environment of its own, with only `base_url` changed.

Installed by tests/e2e/sdk/install.sh; without it these tests skip.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.running_product import Product

CLIENTS = Path(os.environ.get("SPEKO_CLIENTS_DIR") or Path(__file__).parents[2] / ".clients")
PYTHON = CLIENTS / "python-sdk" / "bin" / "python"
SCRIPT = Path(__file__).parent / "sdk" / "conversation.py"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not PYTHON.exists(), reason="no official Python SDK: run tests/e2e/sdk/install.sh"),
]


def test_the_official_sdk_works_with_only_the_base_url_changed(product: Product) -> None:
    """SES-10: agents, complete, transcribe and synthesize, sync and async, errors included."""
    command = [PYTHON, SCRIPT, product.base_url, product.links["test_key"]]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert (seen["agent"], seen["listed"], seen["deleted"]) == ("From the SDK", True, True)
    assert seen["missing"] == "404 NOT_FOUND"
    assert seen["answer"][0]
    assert seen["answer"][1] == "sandbox"
    assert seen["speech"][1] == "local"
    assert seen["speech"][2] > 10_000
    assert "opening hours" in seen["heard"][0].lower()
    assert seen["stream"][0] == "meta"
    assert seen["stream"][-1] == "done"
    assert "delta" in seen["stream"]
    assert seen["refused"] == "AUTH_ERROR"
