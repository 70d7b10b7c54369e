"""Shared fixtures: ports for tests, an organization with keys, the REST client, both database engines."""

import asyncio
import gc
import os
import secrets as random
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import httpx
import hypothesis
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, TextClause, create_engine, event, text
from xdist.remote import Producer

from speko_core.accounts import keys
from speko_core.accounts.models import ApiKey, Membership, Organization, User
from speko_core.accounts.roles import ROLE_SCOPES
from speko_core.adapters.dbos_store import SCHEMA, migrate_store
from speko_core.agents.models import Agent
from speko_core.context import Mode
from speko_core.db.migrate import upgrade
from speko_core.db.tables import METADATA
from speko_core.deps import Deps, build_deps
from speko_core.ids import new_id
from speko_core.providers.catalog import load_catalog
from speko_core.settings import Settings
from speko_core.versions.content import content_of, sha_of
from speko_core.versions.models import AgentVersionRow
from tests.scheduling import LongestFirst, sort
from tests.secret_watch import Watched, leaked
from tests.statements import share_compiled
from tests.virtual_time import LeapingLoop

# No test may call a real vendor: products that tests start inherit this environment.
for _name in {name for facts in load_catalog().values() for name in facts.env_keys}:
    os.environ.pop(_name, None)
# Nor reach anybody else over TLS: nobody holds the key of the only authority trusted here. Loading the hundred usual
# ones costs more than most tests.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("trusted_by_tests.pem"))

event.listen(Engine, "engine_connect", share_compiled)
# `EXAMPLES=1000 make test` looks for rarer counterexamples than every run has time for. A slow example is no failure.
hypothesis.settings.register_profile("suite", max_examples=int(os.environ.get("EXAMPLES", "50")), deadline=None)
hypothesis.settings.load_profile("suite")

POSTGRES_URL = os.environ.get("SPEKO_TEST_POSTGRES_URL", "")


MASTER_KEY = SecretStr("c3Bla28tdGVzdC1tYXN0ZXIta2V5LTMyLWJ5dGVzISE=")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first."""
    sort(items)


def pytest_collection_finish() -> None:
    """Thousands of collected tests live to the end: leave them out of garbage collections, of which fewer will do."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LongestFirst:
    """How test processes share the work, whatever `--dist` says."""
    config.option.loadscopereorder = False
    return LongestFirst(config, log)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests marked `virtual_time` do not wait for the time to pass."""
    return {"loop": LeapingLoop if item.get_closest_marker("virtual_time") else asyncio.new_event_loop}


def _server() -> Engine:
    return create_engine(POSTGRES_URL.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")


def _database_url(name: str) -> str:
    return POSTGRES_URL.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to be copied: migrating costs more than most tests."""
    folder = tmp_path_factory.mktemp("migrated")
    settings = Settings(data_dir=folder, database_url="", master_key=MASTER_KEY, _env_file=None)
    upgrade(settings)
    migrate_store(settings)
    return settings.sqlite_path


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """The URL of a PostgreSQL database with the newest schema, one for each test process."""
    if not POSTGRES_URL:
        pytest.skip("SPEKO_TEST_POSTGRES_URL is not set: no PostgreSQL server to test on")
    name = f"speko_test_{random.token_hex(6)}"
    server = _server()
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    settings = Settings(database_url=_database_url(name), master_key=MASTER_KEY, _env_file=None)
    upgrade(settings)
    migrate_store(settings)
    yield settings.database_url
    _engine(settings.database_url).dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    server.dispose()


@cache
def _engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


@cache
def _emptying(url: str) -> TextClause:
    """One statement that removes every row; most tables hold none, and truncating each of them costs far more."""
    work = text(f"SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}' AND tablename NOT LIKE '%migrations'")
    with _engine(url).begin() as connection:
        names = [f"{SCHEMA}.{name}" for name in connection.execute(work).scalars()]
    names += [table.name for table in reversed(METADATA.sorted_tables)]
    everything = "SELECT set_config('speko.everything', 'on', true)"
    return text("; ".join([everything, *(f"DELETE FROM {name}" for name in names)]))


def _empty(url: str) -> None:
    """Remove every row: far cheaper than a database for each test."""
    with _engine(url).begin() as connection:
        connection.execute(_emptying(url))


ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


# For modules about a door or a client: what the engines do differently is tried where the queries are.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def migrated_database(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The URL of an empty migrated database: a SQLite file in the data folder, or this process's PostgreSQL."""
    if engine == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "speko.sqlite")
        yield ""
        return
    url = request.getfixturevalue("migrated_postgres")
    yield url
    _empty(url)


@pytest.fixture(autouse=True)
def no_answer_tells_a_secret() -> Iterator[None]:
    """ORG-8: every answer of this suite's servers is searched."""
    leaked.clear()
    yield
    assert leaked == []


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty migrated database; PostgreSQL where `SPEKO_TEST_POSTGRES_URL` names a server."""
    with migrated_database(request.param, request, tmp_path) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings in a temporary folder, whatever the environment says."""
    return Settings(data_dir=tmp_path, database_url=database_url, master_key=MASTER_KEY, _env_file=None)


@pytest.fixture
async def deps(settings: Settings) -> AsyncIterator[Deps]:
    """Real ports on a migrated database."""
    built = build_deps(settings)
    yield built
    await built.aclose()


@dataclass(frozen=True)
class Tenant:
    """An organization with its `Default` agent, an owner and a live and a test key of every scope."""

    organization_id: str
    agent_id: str
    user_id: str
    key: str
    test_key: str


async def add_key(deps: Deps, organization_id: str, mode: Mode = "live", scopes: frozenset[str] | None = None) -> str:
    """Store a key with these scopes (default: an owner's) and return it."""
    raw = keys.mint(mode)
    now = deps.clock.now()
    row = ApiKey(
        id=new_id("key"),
        organization_id=organization_id,
        digest=deps.secrets.digest(raw),
        display_prefix=keys.display_prefix(raw),
        name="test",
        mode=mode,
        scopes=sorted(ROLE_SCOPES["owner"] if scopes is None else scopes),
        created_at=now,
    )
    async with deps.database.transaction(organization_id) as db:
        db.add(row)
    return raw


def first_version(agent: Agent) -> AgentVersionRow:
    """The version that `record_version` would have made of a new agent."""
    content = content_of(agent.name, agent.config, {})
    return AgentVersionRow(
        id=new_id("version"),
        organization_id=agent.organization_id,
        agent_id=agent.id,
        number=1,
        content=content,
        sha=sha_of(content),
        author_kind="system",
        author_id="bootstrap",
        created_at=agent.created_at,
    )


async def add_tenant(deps: Deps, name: str = "Acme") -> Tenant:
    """Create an organization as bootstrap would."""
    now = deps.clock.now()
    organization = Organization(id=new_id("org"), name=name, created_at=now, updated_at=now)
    user = User(id=new_id("user"), email=f"{new_id('u')}@example.com".lower(), created_at=now, updated_at=now)
    agent = Agent(
        id=new_id("agent"),
        organization_id=organization.id,
        name="Default",
        config={"systemPrompt": "You are helpful.", "intent": {"language": "en-US"}},
        version=1,
        created_at=now,
        updated_at=now,
    )
    member = Membership(
        id=new_id("member"), organization_id=organization.id, user_id=user.id, role="owner", created_at=now
    )
    async with deps.database.transaction(organization.id) as db:
        db.add_all([organization, user])
        await db.flush()
        db.add_all([agent, member])
        await db.flush()
        db.add(first_version(agent))
    live = await add_key(deps, organization.id)
    test = await add_key(deps, organization.id, "test")
    return Tenant(organization.id, agent.id, user.id, live, test)


@pytest.fixture
async def tenant(deps: Deps) -> Tenant:
    """The organization under test."""
    return await add_tenant(deps)


@pytest.fixture
async def other_tenant(deps: Deps) -> Tenant:
    """Another organization, whose rows must stay invisible."""
    return await add_tenant(deps, "Globex")


def rest_client(deps: Deps, key: str | None) -> httpx.AsyncClient:
    """An in-process client of the REST door."""
    from speko_gateway.app import create_app

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app=Watched(create_app(deps)), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)


@pytest.fixture
async def rest(deps: Deps, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """The REST door with the owner's live key."""
    async with rest_client(deps, tenant.key) as client:
        yield client


@pytest.fixture
async def other_rest(deps: Deps, other_tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """The REST door as another organization."""
    async with rest_client(deps, other_tenant.key) as client:
        yield client


def with_deps(deps: Deps, **ports: object) -> Deps:
    """The same process with some ports swapped for twins."""
    return replace(deps, **ports)
