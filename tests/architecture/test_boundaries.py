"""Who may import whom, and what stays in one place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("speko_core", "speko_gateway", "speko_mcp", "speko_worker")


def sources(*packages: str) -> Iterator[Path]:
    for package in packages or PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def offenders(forbidden: str, *packages: str, allowed: tuple[str, ...] = ()) -> list[str]:
    pattern = re.compile(forbidden)
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(*packages)
        if not str(path.relative_to(ROOT)).startswith(allowed)
        for name in imported(path)
        if pattern.match(name)
    ]


def test_the_core_imports_no_door_and_no_worker() -> None:
    """Two doors over one core only stay two doors while the core knows neither."""
    assert offenders(r"speko_(gateway|mcp|worker)\b", "speko_core") == []


def test_the_worker_needs_no_database() -> None:
    """SES-12: a worker holds no product data; it claims a plan and reports back over HTTP."""
    assert offenders(r"(sqlalchemy|alembic|aiosqlite|psycopg|speko_core\.(db|deps|execute))\b", "speko_worker") == []


def test_only_adapters_and_the_worker_import_livekit() -> None:
    """The gateway installs without the worker."""
    assert offenders(r"livekit\b", "speko_core", "speko_gateway", "speko_mcp", allowed=("speko_core/adapters/",)) == []


def test_the_product_imports_no_vendor_sdk() -> None:
    """RTE-16: they prove the fakes in tests; the product speaks the wires itself."""
    sdks = r"(openai|anthropic|groq|google|deepgram|elevenlabs|cartesia|assemblyai)(\.|$)"
    assert offenders(sdks) == []


def test_fastmcp_stays_in_the_mcp_door() -> None:
    """It costs memory and start-up time: other roles never load it, and calls of servers of others late."""
    late = (
        "speko_core/adapters/mcp_client.py",
        "speko_core/adapters/mcp_network.py",
        "speko_core/adapters/mcp_answers.py",
    )
    names = r"(fastmcp|mcp|mcp_types|httpx2)(\.|$)"
    assert offenders(names, "speko_core", "speko_gateway", "speko_worker", allowed=late) == []


def test_doors_hold_no_queries() -> None:
    """A query in a door is logic in a door."""
    assert offenders(r"sqlalchemy\b", "speko_gateway", "speko_mcp") == []


def test_the_environment_is_read_in_settings_only() -> None:
    """One place says what can be configured. Setting a library's switch before its import is not reading."""
    reads = r"os\.(getenv\(|environ\.get\(|environ\[[^\]]+\](?!\s*=[^=]))"
    readers = [
        str(path.relative_to(ROOT))
        for path in sources("speko_core", "speko_mcp", "speko_worker")
        if re.search(reads, path.read_text()) and path.name != "settings.py"
    ]
    assert readers == []


@pytest.mark.parametrize("call", [r"datetime\.now\(", r"time\.sleep\(", r"uuid4\("])
def test_the_core_asks_its_ports_for_time_and_ids(call: str) -> None:
    """Tests move the clock; hidden clocks make them flaky."""
    allowed = {"system_clock.py", "ids.py"}
    users = [
        str(path.relative_to(ROOT))
        for path in sources("speko_core")
        if path.name not in allowed and re.search(call, path.read_text())
    ]
    assert users == []


def test_every_operation_module_is_registered() -> None:
    """An operation that is not in the registry has no door, no document and no guard test."""
    from speko_core import registry

    declared = {
        f"{path.parent.name}"
        for path in sources("speko_core")
        if path.name == "operations.py" and path.parent.name != "speko_core"
    }
    listed = (ROOT / "speko_core" / "registry.py").read_text()
    assert {name for name in declared if f"speko_core.{name}.operations" not in listed} == set()
    assert len({operation.id for operation in registry.OPERATIONS}) == len(registry.OPERATIONS)


def test_every_scope_has_words_on_the_consent_page() -> None:
    """ORG-5: people consent to sentences, not to identifiers."""
    from speko_core.principal import ALL_SCOPES
    from speko_gateway.web.consent import SCOPE_WORDS

    assert set(SCOPE_WORDS) == ALL_SCOPES
