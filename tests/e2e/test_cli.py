"""The `speko` commands beside a running installation, and what they refuse."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from speko_gateway.cli import reference
from speko_gateway.cli.main import main
from tests.e2e.running_product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, object]:
        """The JSON document."""
        parsed: dict[str, object] = json.loads(self.out)
        return parsed


Speko = Callable[..., Answer]


@pytest.fixture
def speko(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Speko:
    """Runs the command in this process, in an empty folder unless a data folder is given."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **variables: str) -> Answer:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def beside(speko: Speko, product: Product) -> Speko:
    """The command beside the running installation."""
    variables = {name: value for name, value in product.environment.items() if name.startswith("SPEKO_")}
    return lambda *arguments: speko(*arguments, **variables)


def test_keys_are_made_listed_without_their_value_and_revoked(beside: Speko, product: Product) -> None:
    """ORG-3: the raw value is shown once; a revoked key stops."""
    made = beside("keys", "create", "--test", "--name", "Mine", "--json").data
    headers = {"Authorization": f"Bearer {made['key']}"}
    whoami = httpx.get(f"{product.base_url}/v1/whoami", headers=headers, timeout=30).json()
    assert (whoami["mode"], whoami["label"]) == ("test", "Mine")
    listed = beside("keys", "list").out
    assert str(made["id"]) in listed
    assert str(made["key"]) not in listed
    assert beside("keys", "revoke", str(made["id"]), "--json").data["revokedAt"]
    row = next(line for line in beside("keys", "list").out.splitlines() if str(made["id"]) in line)
    assert "revoked" in row


def test_an_unknown_key_is_a_sentence_and_exit_code_1(beside: Speko) -> None:
    """OPS-6: failures are sentences."""
    answer = beside("keys", "revoke", "key_unknown")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("not found (NOT_FOUND)")


def test_agents_and_jobs_are_listed(beside: Speko) -> None:
    """OPS-2: background work is visible."""
    assert "Default" in [agent["name"] for agent in json.loads(beside("agents", "list", "--json").out)]
    assert "Default" in beside("agents", "list").out
    assert isinstance(beside("jobs", "list", "--json").data["jobs"], list)
    assert beside("jobs", "retry", "nothing", "--json").data == {"id": "nothing", "retried": False}


def test_a_sign_in_link_opens_the_dashboard(beside: Speko) -> None:
    """ORG-5: a person without a password gets in."""
    url = beside("sign-in-link", "--json").data["url"]
    assert httpx.get(str(url), follow_redirects=True, timeout=30).status_code == 200
    assert beside("sign-in-link", "--email", "nobody@example.com").code == 1


def test_the_doctor_finds_a_running_installation_well(beside: Speko) -> None:
    """OPS-6: environment, key, database, schema, voices, disk, clock and roles."""
    answer = beside("doctor", "--json")
    states = {finding["check"]: finding["state"] for finding in answer.data["checks"]}  # type: ignore[attr-defined]
    assert answer.code == 0
    expected = {"data folder", "master key", "database", "schema", "clock", "disk", "web", "jobs", "worker"}
    assert {check: states.get(check) for check in expected} == dict.fromkeys(expected, "ok")


def test_the_doctor_names_what_is_wrong_and_exits_with_1(speko: Speko, tmp_path: Path) -> None:
    """OPS-6: a broken installation is described, not repaired in silence."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "speko.sqlite").write_bytes(b"not a database" * 100)
    answer = speko("doctor", "--json", SPEKO_DATA_DIR=str(tmp_path / "data"), SPEKO_PROT="1")
    findings = {finding["check"]: finding for finding in answer.data["checks"]}  # type: ignore[attr-defined]
    assert answer.code == 1
    assert (findings["database"]["state"], findings["master key"]["state"]) == ("fail", "fail")
    assert "SPEKO_PROT" in findings["environment"]["detail"]


def test_the_doctor_creates_nothing(speko: Speko, tmp_path: Path) -> None:
    """OPS-6: looking is safe."""
    assert speko("doctor", SPEKO_DATA_DIR=str(tmp_path / "data")).code == 0
    assert not (tmp_path / "data").exists()


def test_commands_without_an_installation_say_so_and_make_none(speko: Speko, tmp_path: Path) -> None:
    """OPS-6: `speko keys create` in the wrong folder does not start a second installation."""
    answer = speko("keys", "create", SPEKO_DATA_DIR=str(tmp_path / "data"))
    assert answer.code == 78
    assert "There is no installation in" in answer.err
    assert not (tmp_path / "data").exists()


def test_error_codes_are_explained(speko: Speko) -> None:
    """OPS-6: every documented code has a meaning."""
    meanings = speko("explain", "agent_name_conflict", "--json").data["meanings"]
    assert {meaning["status"] for meaning in meanings} == {409}  # type: ignore[attr-defined]
    assert "INVALID_AUDIO" in speko("explain").out
    assert speko("explain", "NO_SUCH_CODE").code == 1


def test_the_openapi_document_is_printed(speko: Speko) -> None:
    """OPS-6: the contract is at hand without a server."""
    document = speko("openapi").data
    assert document["openapi"] == "3.1.0"
    assert "/v1/agents" in document["paths"]  # type: ignore[operator]


def test_the_documentation_says_what_the_code_says() -> None:
    """OPS-6: commands, exit codes and settings; `make docs` writes them."""
    docs = Path(reference.__file__).parents[2] / "docs"
    assert (docs / "cli.md").read_text() == reference.commands()
    operations = (docs / "operations.md").read_text()
    assert operations == reference.with_settings(operations)
