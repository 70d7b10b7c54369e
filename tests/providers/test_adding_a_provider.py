"""`docs/adding-a-provider.md`, followed to the letter."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import orjson
import pytest

from speko_core.providers.catalog import VendorFacts
from speko_core.providers.registry import build_registry, default_factories
from speko_core.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-provider.md"


def block(language: str, beginning: str) -> str:
    """The page's code block that begins so."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (found,) = [code for code in blocks if code.startswith(beginning)]
    return found


def copy_of_the_product(folder: Path) -> Path:
    """The packages, to be changed, beside links to what they read."""
    for package in ("speko_core", "speko_gateway", "speko_mcp"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("prompts", "docs", "tests"):
        (folder / name).symlink_to(ROOT / name)
    return folder / "speko_core" / "providers"


@pytest.mark.timeout(180)
def test_the_page_makes_a_provider(tmp_path: Path) -> None:
    """RTE-16: one catalogue entry, one file, one line; then it is routed to, called, and listed."""
    providers = copy_of_the_product(tmp_path / "product")
    (providers / "catalog" / "acme.toml").write_text(block("toml", 'vendor = "acme"'))
    (providers / "acme.py").write_text(block("python", '"""Acme'))
    first, line = block("python", "from speko_core.providers.acme").strip().split("\n...\n")
    listed = (providers / "registry.py").read_text()
    changed = listed.replace("from speko_core.providers.base", f"{first}\nfrom speko_core.providers.base", 1)
    changed = changed.replace('"anthropic": partial(', f'{line.strip()}\n        "anthropic": partial(', 1)
    (providers / "registry.py").write_text(changed)
    (tmp_path / "data").mkdir()

    done = subprocess.run(
        [sys.executable, "-m", "tests.providers.call_acme", str(tmp_path / "data")],
        cwd=tmp_path / "product",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "product")},
        capture_output=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    told = orjson.loads(done.stdout)
    assert told["answer"]["text"] == "Hello there."
    assert (told["answer"]["provider"], told["answer"]["model"]) == ("acme", "acme-swift")
    assert "acme:acme-swift" in told["available"]
    assert told["authorization"] == ["Bearer acme-key"]


def test_the_declared_server_of_the_page_needs_no_code() -> None:
    """RTE-16"""
    variables = dict(re.findall(r"export (\w+)=(\S+)", PAGE.read_text()))
    settings = Settings(
        compatible_llm_url=variables["SPEKO_COMPATIBLE_LLM_URL"],
        compatible_llm_models=variables["SPEKO_COMPATIBLE_LLM_MODELS"],
        _env_file=None,
    )
    facts = build_registry(settings, default_factories()).catalog["compatible"]
    assert [model.id for model in facts.models if model.modality == "llm"] == ["llama3.2", "qwen3"]
    assert all(model.declared for model in facts.models)


def test_the_catalogue_of_the_page_has_every_field_it_names() -> None:
    """RTE-16: the table and the model agree."""
    VendorFacts.model_validate(tomllib.loads(block("toml", 'vendor = "acme"')))
    fields = VendorFacts.model_fields["models"].annotation.__args__[0].model_fields  # type: ignore[union-attr]
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE))
    assert named
    assert named <= set(fields)
