"""Where the platform's provider keys come from."""

import os
from pathlib import Path

import pytest

from speko_core.errors import ConfigurationError
from speko_core.providers.catalog import load_catalog
from speko_core.settings import load_settings, unknown_variables


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usual = {name for facts in load_catalog().values() for name in facts.env_keys}
    for name in [name for name in os.environ if name in usual or name.startswith("SPEKO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def keys() -> dict[str, str]:
    return {vendor: key.get_secret_value() for vendor, key in load_settings().provider_keys.items()}


def test_an_empty_machine_has_no_keys() -> None:
    """RTE-17: and therefore runs offline."""
    assert keys() == {}


def test_the_vendors_usual_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """RTE-8: as their own clients find them; Google's newer name wins."""
    for name in ("OPENAI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, f"from {name}")
    monkeypatch.setenv("GROQ_API_KEY", "")
    assert keys() == {
        "openai": "from OPENAI_API_KEY",
        "google": "from GOOGLE_API_KEY",
        "anthropic": "from ANTHROPIC_AUTH_TOKEN",
    }


def test_our_own_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """RTE-8: so that a shell made for another program does not decide."""
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    monkeypatch.setenv("SPEKO_PROVIDER_KEY_OPENAI", "ours")
    assert keys() == {"openai": "ours"}


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """RTE-8"""
    (tmp_path / ".env").write_text("SPEKO_PROVIDER_KEY_XAI=file\nSPEKO_PROVIDER_KEY_GROQ=file\nSPEKO_PORT=9000\n")
    monkeypatch.setenv("SPEKO_PROVIDER_KEY_GROQ", "environment")
    assert keys() == {"xai": "file", "groq": "environment"}
    assert load_settings().port == 9000


def test_keys_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """RTE-8: settings end up in logs of people who look for something else."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    assert "very-secret" not in repr(load_settings())


def test_another_address_of_a_vendor_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """RTE-16: a region or a proxy."""
    monkeypatch.setenv("SPEKO_PROVIDER_URL_OPENAI", "https://eu.api.openai.com/v1/")
    assert load_settings().provider_urls == {"openai": "https://eu.api.openai.com/v1"}


@pytest.mark.parametrize("name", ["SPEKO_PROVIDER_URL_OPENAI", "SPEKO_COMPATIBLE_LLM_URL"])
def test_an_address_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """RTE-16: rather than every call."""
    monkeypatch.setenv(name, "localhost:11434")
    with pytest.raises(ConfigurationError, match="http or https"):
        load_settings()


def test_a_misspelled_vendor_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """RTE-8: a key nobody reads would be ignored in silence."""
    monkeypatch.setenv("SPEKO_PROVIDER_KEY_OPNAI", "x")
    monkeypatch.setenv("SPEKO_PROVIDER_KEY_OPENAI", "x")
    assert unknown_variables() == ["SPEKO_PROVIDER_KEY_OPNAI"]
