"""`speko init` for every client, in empty and in crowded home folders."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from speko_mcp.cli.apply import carry_out
from speko_mcp.cli.clients import CLIENTS
from speko_mcp.cli.clients.shapes import Connection
from speko_mcp.cli.journal import Journal
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.plan import plan_add
from tests.mcp.wizard.crowded import CROWDED, KEY, URL, Case
from tests.mcp.wizard.person import Person

each_client = pytest.mark.parametrize("case", CROWDED, ids=[case.client for case in CROWDED])


def place(person: Person, path: str, text: str) -> Path:
    file = person.home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return file


@each_client
def test_a_crowded_file_gets_one_entry_and_is_restored(person: Person, case: Case) -> None:
    """MCP-1: to the byte; a key makes the file private, and is never shown."""
    file = place(person, case.path, case.before)
    file.chmod(0o644)
    chosen = ("--yes", "--api-key", "--client", case.client)
    added = person.init(*chosen)
    assert (added.code, added.errors) == (0, "")
    assert file.read_bytes().decode() == case.after
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert KEY not in added.output
    assert "ghp_of_somebody" not in added.output
    again = person.init(*chosen, "--json")
    assert again.column("status") == {case.client: "unchanged"}
    assert file.read_bytes().decode() == case.after
    removed = person.init("--yes", "--remove", "--json")
    assert removed.column("status") == {case.client: "removed"}
    assert file.read_bytes().decode() == case.before
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert not any((person.home / ".local/state/speko/init").iterdir())


@each_client
def test_a_crowded_file_that_changed_since_loses_the_entry_only(person: Person, case: Case) -> None:
    """MCP-1: what other programs wrote in the meantime stays."""
    file = place(person, case.path, case.before)
    person.init("--yes", "--api-key")
    later = {".toml": "# later\n[later]\n", ".yaml": "later: {}\n"}.get(file.suffix, "\n\n")
    with file.open("a", newline="") as text:
        text.write(later)
    assert person.init("--yes", "--remove").code == 0
    values = next(client.document for client in CLIENTS if client.id == case.client)
    left = file.read_bytes().decode()
    assert "speko:" not in left
    assert KEY not in left
    wanted = (case.before + later).removeprefix("\ufeff")
    assert values.read(left.removeprefix("\ufeff")) in (values.read(wanted), values.read(wanted) | {"mcpServers": {}})


def test_an_empty_home_gets_files_for_the_clients_that_are_named(person: Person) -> None:
    """MCP-1: and they are gone after removal, folders and all."""
    asked = [word for client in CLIENTS for word in ("--client", client.id)]
    added = person.init("--yes", "--json", *asked)
    assert set(added.column("status").values()) == {"added"}
    assert set(person.files()) == {f"home/{case.path}".replace(".jsonc", ".json") for case in CROWDED}
    assert not any(KEY.encode() in content for content in person.files().values())
    assert "https://opencode.ai/config.json" in (person.home / ".config/opencode/opencode.json").read_text()
    written = person.files()
    assert set(person.init("--yes", "--json", *asked).column("status").values()) == {"unchanged"}
    assert person.files() == written
    assert person.init("--yes", "--remove").code == 0
    assert [path.name for path in person.home.iterdir()] == [".local"]


def test_an_empty_home_without_a_choice_has_nobody_to_connect(person: Person) -> None:
    """MCP-1"""
    said = person.init("--yes")
    assert (said.code, said.output) == (1, "Nothing was found.\n")


def test_clients_are_found_by_their_folders_and_programs(person: Person, tmp_path: Path) -> None:
    """MCP-1"""
    (person.home / ".cursor").mkdir()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "gemini"
    program.touch(0o755)
    assert person.init("--dry-run", "--json").column("status") == {"cursor": "added", "gemini-cli": "added"}
    assert person.files() == {"bin/gemini": b""}


def test_no_key_goes_into_a_project(person: Person) -> None:
    """MCP-1: a reference in the words of each client, and the answer says what to set."""
    asked = [word for client in CLIENTS for word in ("--client", client.id)]
    said = person.init("--yes", "--json", "--api-key", "--scope", "project", *asked)
    files = {path: content.decode() for path, content in person.files().items()}
    assert set(files) == {
        "project/.mcp.json",
        "project/.codex/config.toml",
        "project/opencode.json",
        "project/.cursor/mcp.json",
        "project/.vscode/mcp.json",
        "project/.gemini/settings.json",
    }
    assert all(KEY not in content for content in files.values())
    assert '"Bearer ${SPEKO_API_KEY}"' in files["project/.mcp.json"]
    assert 'bearer_token_env_var = "SPEKO_API_KEY"' in files["project/.codex/config.toml"]
    assert '"Bearer {env:SPEKO_API_KEY}"' in files["project/opencode.json"]
    assert '"Bearer ${env:SPEKO_API_KEY}"' in files["project/.cursor/mcp.json"]
    assert '"Bearer ${input:SPEKO_API_KEY}"' in files["project/.vscode/mcp.json"]
    assert json.loads(files["project/.vscode/mcp.json"])["inputs"][0]["id"] == "SPEKO_API_KEY"
    assert "set SPEKO_API_KEY" in said.column("next")["cursor"]
    assert "keys from its own file only" in said.column("reason")["zed"]
    assert said.code == 1, "those without a project file were refused"
    assert person.init("--yes", "--remove", "--scope", "project").code == 0
    assert person.files() == {}


def test_a_server_that_moves_and_another_sign_in_change_their_fields_only(person: Person) -> None:
    """MCP-1: what the person added to the entry stays, and removal still restores."""
    file = place(person, ".cursor/mcp.json", '{\n  "mcpServers": {}\n}\n')
    person.init("--yes", "--api-key", "--client", "cursor")
    person.init("--yes", "--oauth", "--url", "https://speko.example", "--client", "cursor")
    assert json.loads(file.read_text()) == {"mcpServers": {"speko": {"url": "https://speko.example/mcp"}}}
    file.write_text(file.read_text().replace('/mcp"', '/mcp", "timeout": 9 /* slow */'))
    moved = person.init("--yes", "--oauth", "--url", "https://new.example/x/", "--client", "cursor", "--json")
    assert moved.column("status") == {"cursor": "updated"}
    assert '"url": "https://new.example/x/mcp", "timeout": 9 /* slow */' in file.read_text()
    person.init("--yes", "--remove")
    assert json.loads(file.read_text()) == {"mcpServers": {}}


def test_questions_of_vs_code_come_and_go_with_the_entry(person: Person) -> None:
    """MCP-1"""
    file = person.project / ".vscode" / "mcp.json"
    file.parent.mkdir()
    mine = '{\n  "inputs": [\n    {"id": "mine", "type": "promptString"}\n  ]\n}\n'
    file.write_text(mine)
    project = ("--yes", "--scope", "project", "--client", "vscode")
    person.init(*project, "--api-key")
    assert [asked["id"] for asked in json.loads(file.read_text())["inputs"]] == ["mine", "SPEKO_API_KEY"]
    person.init(*project, "--oauth")
    assert [asked["id"] for asked in json.loads(file.read_text())["inputs"]] == ["mine"]
    person.init("--yes", "--remove")
    assert file.read_text() == mine


def test_a_link_stays_a_link(person: Person, tmp_path: Path) -> None:
    """MCP-1: people keep their configuration elsewhere."""
    kept = tmp_path / "dotfiles.json"
    kept.write_text("{}\n")
    (person.home / ".cursor").mkdir()
    link = person.home / ".cursor" / "mcp.json"
    link.symlink_to(kept)
    person.init("--yes")
    assert link.is_symlink()
    assert URL in kept.read_text()
    person.init("--yes", "--remove")
    assert link.is_symlink()
    assert kept.read_text() == "{}\n"


def test_the_home_folder_is_no_project(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """MCP-1: there a file of the project would be the person's own."""
    monkeypatch.chdir(person.home)
    said = person.init("--yes", "--scope", "project", "--client", "cursor", "--json")
    assert said.column("reason") == {"cursor": "Cursor has no configuration for this folder alone"}
    assert person.files() == {}
    person.init("--yes", "--client", "cursor")
    assert [line["scope"] for line in person.init("--yes", "--remove", "--json").answer["changes"]] == ["user"]


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("{}", 0o444, "it is read-only"),
        ('{\n  "a": 1,\n  b: 2\n}', 0o644, "line 3 is not JSON"),
        ("[]", 0o644, "it does not hold a JSON object"),
        ('{"mcpServers": []}', 0o644, "mcpServers has another shape"),
        ('{"mcpServers": {"speko": {"command": "mine"}}}', 0o644, "it has another kind of entry called speko"),
    ],
)
def test_files_that_cannot_be_edited_safely_stay_as_they_are(person: Person, text: str, mode: int, reason: str) -> None:
    """MCP-1"""
    file = place(person, ".cursor/mcp.json", text)
    file.chmod(mode)
    said = person.init("--yes", "--json")
    assert said.code == 1
    assert reason in said.column("reason")["cursor"]
    assert file.read_text() == text
    assert [path.name for path in file.parent.iterdir()] == ["mcp.json"]


def test_what_changed_after_it_was_looked_at_is_not_written_over(person: Person) -> None:
    """MCP-1: the clients write into these files too."""
    file = place(person, ".cursor/mcp.json", "{}")
    machine = Machine(person.home, person.project, "linux", {})
    cursor = next(client for client in CLIENTS if client.id == "cursor")
    change = plan_add(cursor, machine, "user", "speko", Connection(URL))
    file.write_text('{"mine": 1}')
    done = carry_out(change, Journal(machine.state))
    assert (done.status, done.reason) == ("refused", "it changed in the meantime; run the command again")
    assert file.read_text() == '{"mine": 1}'


def test_a_dry_run_shows_the_difference_and_writes_nothing(person: Person) -> None:
    """MCP-1"""
    place(person, ".codex/config.toml", 'model = "o5"\n')
    before = person.files()
    said = person.init("--dry-run", "--api-key")
    assert said.code == 0
    assert "+[mcp_servers.speko]" in said.output
    assert KEY not in said.output
    assert person.files() == before
    assert not (person.home / ".local").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "nobody to ask"),
        (["--json"], "nobody to ask"),
        (["--yes", "--url", "ftp://x"], "http://"),
        (["--yes", "--url", "http://me:secret@x"], "must not hold a user name"),
        (["--yes", "--name", "a b"], "--name takes"),
        (["--yes", "--oauth", "--key-env", "X"], "--key-env is for --api-key"),
        (["--yes", "--client", "emacs"], "emacs"),
    ],
)
def test_a_wrong_command_line_does_nothing(person: Person, arguments: list[str], sentence: str) -> None:
    """MCP-1"""
    (person.home / ".cursor").mkdir()
    said = person.init(*arguments)
    assert said.code == 2
    assert sentence in said.errors
    assert person.files() == {}


def test_a_missing_key_is_asked_for_by_name(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """MCP-1"""
    monkeypatch.delenv("SPEKO_API_KEY")
    said = person.init("--yes", "--api-key", "--client", "cursor")
    assert said.code == 2
    assert "Set SPEKO_API_KEY" in said.errors


def test_the_command_needs_none_of_the_optional_packages(person: Person) -> None:
    """MCP-1: `uvx --from speko speko init` installs the plain package."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('fastmcp', 'mcp', 'authlib', 'livekit')))\n"
        "from speko_gateway.cli.main import main; main(['init', '--dry-run', '--client', 'cursor'])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("platform", "variables", "wanted"),
    [
        (
            "darwin",
            {},
            {
                "vscode": "Library/Application Support/Code/User/mcp.json",
                "claude-desktop": "Library/Application Support/Claude/claude_desktop_config.json",
                "zed": ".config/zed/settings.json",
                "opencode": ".config/opencode/opencode.json",
                "goose": ".config/goose/config.yaml",
            },
        ),
        (
            "win32",
            {"APPDATA": "/home/me/Roaming"},
            {
                "vscode": "Roaming/Code/User/mcp.json",
                "claude-desktop": "Roaming/Claude/claude_desktop_config.json",
                "zed": "Roaming/Zed/settings.json",
                "goose": "Roaming/Block/goose/config/config.yaml",
                "cursor": ".cursor/mcp.json",
            },
        ),
        (
            "linux",
            {"CODEX_HOME": "/home/me/c", "CLAUDE_CONFIG_DIR": "/home/me/d", "XDG_CONFIG_HOME": "/home/me/x"},
            {"codex": "c/config.toml", "claude-code": "d/.claude.json", "zed": "x/zed/settings.json"},
        ),
    ],
)
def test_files_are_where_each_system_keeps_them(
    platform: str, variables: dict[str, str], wanted: dict[str, str]
) -> None:
    """MCP-1"""
    machine = Machine(Path("/home/me"), Path("/src"), platform, variables)
    found = {client.id: client.file(machine, "user") for client in CLIENTS}
    assert {id_: found[id_] for id_ in wanted} == {id_: Path("/home/me") / path for id_, path in wanted.items()}
