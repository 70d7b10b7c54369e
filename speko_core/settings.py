"""Everything the environment can say, read once at process start.

No other module reads the environment. Every name is `SPEKO_` + the field in capitals.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from speko_core.errors import ConfigurationError
from speko_core.providers.catalog import load_catalog

Role = Literal["web", "jobs", "worker"]

# Read by clients and tests, not by the roles.
_FOR_CLIENTS = {"SPEKO_API_KEY", "SPEKO_TEST_POSTGRES_URL", "SPEKO_TEST_WEB_ROLES"}
_KEY_PREFIX, _URL_PREFIX = "SPEKO_PROVIDER_KEY_", "SPEKO_PROVIDER_URL_"


class Settings(BaseSettings):
    """The configuration of one process. Every field has a default that works on an empty machine."""

    model_config = SettingsConfigDict(env_prefix="SPEKO_", env_file=".env", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address the web role listens on.")
    port: int = Field(8484, ge=1, le=65535, description="Port of the web role.")
    jobs_port: int = Field(0, ge=0, le=65535, description="Health port of the jobs role; 0 means port + 1.")
    worker_port: int = Field(
        0, ge=0, le=65535, description="Media and health port of the worker role; 0 means port + 2."
    )
    public_url: str = Field("", description="Base URL people reach us at; default http://HOST:PORT.")
    trusted_proxies: str = Field(
        "127.0.0.1, ::1",
        description="Addresses and networks of proxies, separated by commas, that may say who the caller is.",
    )
    data_dir: Path = Field(Path("data"), description="Folder for SQLite, files and the generated master key.")
    database_url: str = Field("", description="SQLAlchemy URL; default a SQLite file in the data folder.")
    master_key: SecretStr | None = Field(
        None, description="32 bytes, base64. Default: generated into the data folder on first start (SQLite only)."
    )
    worker_token: SecretStr | None = Field(
        None, description="Credential of worker processes that do not share the master key."
    )
    gateway_url: str = Field("", description="Where the worker finds the web role; default the local one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe line that is logged."
    )
    log_to: Literal["stderr", "files"] = Field(
        "stderr", description="Where JSON logs go; `files` means data folder/logs, one a role, rotated."
    )
    expect_roles: str = Field(
        "", description="Comma-separated roles beside web that `/readyz` of web waits for; `speko up` sets it."
    )
    max_body_bytes: int = Field(26_214_400, description="Largest request body accepted, in bytes (25 MiB).")
    rate_limit_per_key: int = Field(6000, ge=0, description="Requests per minute of one credential; 0 is unlimited.")
    rate_limit_per_organization: int = Field(
        12_000, ge=0, description="Requests per minute of one organization; 0 is unlimited."
    )
    session_grace_s: float = Field(20.0, description="Seconds without a worker heartbeat before a session is closed.")
    voice_workers: int = Field(1, ge=1, le=16, description="Recognition processes for the offline voice.")
    drain_timeout_s: float = Field(10.0, description="Seconds a role may take to finish on SIGTERM.")
    metadata_retention_days: int = Field(90, ge=1, description="Default retention of sessions and transcripts.")
    recording_retention_days: int = Field(30, ge=1, description="Default retention of recordings.")
    decision_retention_days: int = Field(
        400, ge=0, description="Days a routing decision can be replayed; then it is deleted. 0 keeps them."
    )
    usage_retention_days: int = Field(
        800, ge=0, description="Days the usage rows of calls are kept; the ledger is kept for good. 0 keeps them."
    )
    provider_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="The platform's key by vendor. Set SPEKO_PROVIDER_KEY_VENDOR, or the vendor's own usual variable.",
    )
    provider_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Another base URL by vendor, for a region or a proxy. Set SPEKO_PROVIDER_URL_VENDOR.",
    )
    compatible_llm_url: str = Field("", description="Base URL of an OpenAI-compatible chat server, ending in /v1.")
    compatible_llm_models: str = Field("", description="Comma-separated model names that server has.")
    compatible_stt_url: str = Field("", description="Base URL of a server with /audio/transcriptions, ending in /v1.")
    compatible_stt_models: str = Field("", description="Comma-separated model names that server has.")
    compatible_tts_url: str = Field("", description="Base URL of a server with /audio/speech, ending in /v1.")
    compatible_tts_models: str = Field("", description="Comma-separated model names that server has.")
    compatible_tts_voice: str = Field("", description="The voice of those models where a caller names none.")
    hedging: bool = Field(
        True, description="Let calls that ask for latency start the next provider beside one that is slower than usual."
    )
    billing: Literal["metered", "prepaid"] = Field(
        "metered",
        description="`metered` books what managed calls cost, blocking nothing; `prepaid` refuses them without credit.",
    )
    starting_credit_micro_usd: int = Field(
        0, ge=0, description="Credit an organization is granted when it is created, in micro-USD."
    )
    blobs_url: str = Field(
        "",
        description="Where files are kept: s3://BUCKET, gs://BUCKET or az://ACCOUNT/CONTAINER, with credentials from "
        "the store's usual variables. Default: the folder `blobs` in the data folder.",
    )
    webhook_retry_base_s: float = Field(
        5.0, gt=0, description="Seconds before a failed webhook is sent again; doubles each time, up to two hours."
    )
    embeddings_model: str = Field(
        "auto",
        max_length=120,
        description="What embeds knowledge: `local`, `openai:MODEL`, a model at SPEKO_EMBEDDINGS_URL, or `none`. "
        "`auto` is the local one where it is installed.",
    )
    embeddings_url: str = Field("", description="Base URL of a server with /embeddings, ending in /v1.")
    embeddings_key: SecretStr | None = Field(None, description="Key of that server, where it wants one.")
    google_client_id: str = Field("", description="Id of our OAuth client at Google, for integrations.")
    google_client_secret: SecretStr | None = Field(None, description="Secret of that client.")
    google_url: str = Field("", description="Another base URL of Google's OAuth and Calendar, for tests.")
    slack_client_id: str = Field("", description="Id of our Slack app, for integrations.")
    slack_client_secret: SecretStr | None = Field(None, description="Secret of that app.")
    slack_url: str = Field("", description="Another base URL of Slack, for tests.")
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server for password resets and sign-up: smtps://USER:PASSWORD@HOST:PORT, or smtp:// for "
        "STARTTLS. Without one, `speko sign-in-link` lets people in.",
    )
    mail_from: str = Field("", description="The address that mail comes from.")
    sign_up: Literal["off", "open"] = Field(
        "off", description="`open` lets anybody who reads mail make an organization; needs SPEKO_SMTP_URL."
    )
    oidc_issuer: str = Field(
        "", description="An OpenID provider people may sign in with: its issuer URL. Needs a client id and secret."
    )
    oidc_client_id: str = Field("", description="Id of this installation's client at that provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="Secret of that client.")
    oidc_name: str = Field("single sign-on", max_length=60, description="What the sign-in button calls the provider.")
    otlp_endpoint: str = Field(
        "", description="OpenTelemetry collector (OTLP over HTTP) that is sent the spans of calls; default none."
    )
    otlp_headers: SecretStr | None = Field(
        None, description="Headers it wants, such as `authorization=Bearer KEY,x-team=voice`."
    )
    livekit_url: str = Field(
        "", description="LiveKit server that carries voice sessions, ws:// or wss://; default none. Or LIVEKIT_URL."
    )
    livekit_api_key: str = Field("", description="Its API key. Or LIVEKIT_API_KEY.")
    livekit_api_secret: SecretStr | None = Field(None, description="The key's secret. Or LIVEKIT_API_SECRET.")
    livekit_public_url: str = Field("", description="Where callers reach that server, if not at SPEKO_LIVEKIT_URL.")
    livekit_client: Path | None = Field(
        None,
        description="File of LiveKit's browser library, an ES module. Default: where "
        "`npm install --prefix DATA_DIR livekit-client` puts it.",
    )
    livekit_agent: str = Field(
        "speko",
        pattern=r"^[a-z][a-z0-9-]{0,38}$",
        description="Name our workers have at the LiveKit server; installations that share one need different names.",
    )
    client_overrides: bool = Field(
        True, description="Let a caller's client change prompt, first message, language and voice of its own call."
    )
    worker_calls: int = Field(8, ge=1, le=64, description="Calls one worker process takes at a time.")
    worker_warm_jobs: int = Field(2, ge=1, le=16, description="Processes kept ready for calls in LiveKit rooms.")
    allow_insecure_webhooks: bool = Field(False, description="Development only: allow http and private addresses.")

    @field_validator("public_url", "gateway_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator(
        "compatible_llm_url", "compatible_stt_url", "compatible_tts_url", "embeddings_url", "google_url", "slack_url"
    )
    @classmethod
    def _endpoint(cls, value: str) -> str:
        return _http_url(value) if value else ""

    @field_validator("provider_urls")
    @classmethod
    def _endpoints(cls, value: dict[str, str]) -> dict[str, str]:
        return {vendor: _http_url(url) for vendor, url in value.items()}

    @field_validator("otlp_endpoint")
    @classmethod
    def _collector(cls, value: str) -> str:
        return _http_url(value) if value else ""

    @field_validator("otlp_headers")
    @classmethod
    def _header_pairs(cls, value: SecretStr | None) -> SecretStr | None:
        if value and any("=" not in pair for pair in value.get_secret_value().split(",")):
            raise ValueError("must be pairs of name=value, separated by commas")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(one)
            except ValueError:
                raise ValueError("must be IP addresses and networks, separated by commas") from None
        return value

    @field_validator("livekit_url", "livekit_public_url")
    @classmethod
    def _media_server(cls, value: str) -> str:
        return _socket_url(value) if value else ""

    @property
    def otlp_header_pairs(self) -> tuple[tuple[str, str], ...]:
        """The headers for the collector, names and values."""
        pairs = self.otlp_headers.get_secret_value().split(",") if self.otlp_headers else []
        return tuple((name.strip(), value.strip()) for name, _, value in (pair.partition("=") for pair in pairs))

    @property
    def base_url(self) -> str:
        """The public base URL, without a trailing slash; every URL we show starts with it."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def internal_url(self) -> str:
        """Where our own processes reach the web role."""
        return self.gateway_url or f"http://{self.host}:{self.port}"

    @property
    def sqlite_path(self) -> Path:
        """The default database file."""
        return self.data_dir / "speko.sqlite"

    @property
    def livekit_client_path(self) -> Path:
        """LiveKit's browser library, where it is installed."""
        installed = Path("node_modules", "livekit-client", "dist", "livekit-client.esm.mjs")
        return self.livekit_client or self.data_dir / installed

    @property
    def resolved_database_url(self) -> str:
        """The SQLAlchemy URL with an async driver: aiosqlite, or psycopg for PostgreSQL."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.sqlite_path}"
        scheme, separator, rest = self.database_url.partition("://")
        drivers = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
        return f"{drivers.get(scheme, scheme)}{separator}{rest}"

    @property
    def uses_sqlite(self) -> bool:
        """True on the default engine."""
        return self.resolved_database_url.startswith("sqlite")

    @property
    def expected_roles(self) -> tuple[str, ...]:
        """The roles beside web that must be alive for the whole to be ready."""
        return tuple(name.strip() for name in self.expect_roles.split(",") if name.strip())

    def health_port(self, role: Role) -> int:
        """The port on which a role answers `/healthz` and `/readyz`."""
        ports = {"web": self.port, "jobs": self.jobs_port or self.port + 1, "worker": self.worker_port or self.port + 2}
        return ports[role]


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        ConfigurationError: a variable has a value that is not allowed; the text names it.
    """
    try:
        found = Settings()
        variables = {**_dotenv(), **os.environ}
        return Settings(
            **_livekit(found, variables),
            provider_keys={**_vendor_keys(variables), **found.provider_keys},
            provider_urls={**_by_vendor(variables, _URL_PREFIX), **found.provider_urls},
        )
    except ValidationError as error:
        problem = error.errors()[0]
        name = "SPEKO_" + "_".join(str(part) for part in problem["loc"]).upper()
        raise ConfigurationError(f"{name} is not usable: {problem['msg']}.") from None


def unknown_variables() -> list[str]:
    """Names in the environment that look like ours and mean nothing: most likely misspelled."""
    known = {f"SPEKO_{name.upper()}" for name in Settings.model_fields} | _FOR_CLIENTS
    known |= {prefix + vendor.upper() for vendor in load_catalog() for prefix in (_KEY_PREFIX, _URL_PREFIX)}
    return sorted(name for name in os.environ if name.startswith("SPEKO_") and name not in known)


def _dotenv() -> dict[str, str]:
    return {name: value for name, value in dotenv_values(".env").items() if value is not None}


def _vendor_keys(variables: Mapping[str, str]) -> dict[str, SecretStr]:
    """Keys by vendor: our own variable wins over the vendor's usual ones, in the catalogue's order."""
    usual = {
        vendor: variables[name]
        for vendor, facts in load_catalog().items()
        for name in reversed(facts.env_keys)
        if variables.get(name)
    }
    return {vendor: SecretStr(key) for vendor, key in {**usual, **_by_vendor(variables, _KEY_PREFIX)}.items()}


def _livekit(found: Settings, variables: Mapping[str, str]) -> dict[str, Any]:
    """What LiveKit's own variables say and ours do not."""
    names = ("livekit_url", "livekit_api_key", "livekit_api_secret")
    return {name: variables[name.upper()] for name in names if not getattr(found, name) and variables.get(name.upper())}


def _by_vendor(variables: Mapping[str, str], prefix: str) -> dict[str, str]:
    found = {vendor: variables.get(prefix + vendor.upper(), "") for vendor in load_catalog()}
    return {vendor: value for vendor, value in found.items() if value}


def _socket_url(value: str) -> str:
    scheme, separator, rest = value.rstrip("/").partition("://")
    if separator != "://" or scheme not in ("ws", "wss", "http", "https") or not rest:
        raise ValueError("must be a ws or wss URL")
    return f"{scheme.replace('http', 'ws')}://{rest}"


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must be an http or https URL")
    return value.rstrip("/")
