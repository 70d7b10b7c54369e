"""What a process talks to. `build_deps` is the one place that chooses implementations of the ports."""

import logging
from dataclasses import dataclass, field

import httpx

from speko_core.accounts.key_cache import KeyCache
from speko_core.adapters.blob_urls import GatewayUrls
from speko_core.adapters.dbos_jobs import DbosJobs
from speko_core.adapters.embedded_rooms import EmbeddedRooms
from speko_core.adapters.envelope import EnvelopeSecrets
from speko_core.adapters.master_key import load_master_key
from speko_core.adapters.mcp_servers import McpServers
from speko_core.adapters.obstore_blobs import CloudBlobs, FolderBlobs
from speko_core.adapters.smtp_mail import NoMail, SmtpMail
from speko_core.adapters.system_clock import SystemClock
from speko_core.db.engine import Database, create_engine
from speko_core.errors import ConfigurationError
from speko_core.integrations.by_app import ByApp
from speko_core.integrations.installed import InstalledApps
from speko_core.knowledge.embedding.embedders import Embedders
from speko_core.limits import RateLimiter
from speko_core.mcp_servers.actions import McpActions
from speko_core.metering.credit import CreditBook
from speko_core.metering.journal import Journal
from speko_core.outbound.client import GuardedTransport, guarded_client
from speko_core.ports.blobs import Blobs
from speko_core.ports.clock import Clock
from speko_core.ports.integrations import Integrations
from speko_core.ports.jobs import Jobs
from speko_core.ports.mail import Mail
from speko_core.ports.rooms import Rooms
from speko_core.ports.secrets import Secrets
from speko_core.ports.tool_servers import APP_KEY, ToolServers
from speko_core.providers.adapters import ProviderRegistry, late_registry
from speko_core.routing.decisions_log import DecisionLog
from speko_core.routing.decisions_memo import DecisionMemo
from speko_core.routing.health import HealthBook
from speko_core.routing.offer_lists import OfferLists
from speko_core.routing.snapshots import Snapshots
from speko_core.settings import Settings
from speko_core.standing import Standings

logger = logging.getLogger(__name__)

INSECURE = (
    "SPEKO_ALLOW_INSECURE_WEBHOOKS is on: tools and webhooks may call http URLs and private addresses, "
    "this machine among them. For development only."
)


@dataclass(frozen=True)
class Deps:
    """The ports of one process. Tests build their own with twins in place of the outside."""

    settings: Settings
    clock: Clock
    secrets: Secrets
    database: Database
    providers: ProviderRegistry
    jobs: Jobs
    rooms: Rooms
    blobs: Blobs
    embedders: Embedders
    limits: RateLimiter
    worker_token: str
    journal: Journal
    credit: CreditBook
    standings: Standings
    health: HealthBook
    decisions: DecisionLog
    outbound: httpx.AsyncClient
    integrations: Integrations
    tool_servers: ToolServers
    mail: Mail = field(default_factory=NoMail)
    memo: DecisionMemo = field(default_factory=DecisionMemo)
    offers: OfferLists = field(default_factory=OfferLists)
    snapshots: Snapshots = field(default_factory=Snapshots)
    key_cache: KeyCache = field(default_factory=KeyCache)

    async def aclose(self) -> None:
        """Release processes and connections, in reverse order of use."""
        await self.providers.aclose()
        await self.embedders.aclose()
        await self.outbound.aclose()
        await self.rooms.aclose()
        await self.jobs.aclose()
        await self.journal.aclose()
        await self.database.aclose()


def prepare_data_dir(settings: Settings) -> None:
    """Create the data folder, private to the user.

    Raises:
        ConfigurationError: it cannot be created or written.
    """
    probe = settings.data_dir / ".writable"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"SPEKO_DATA_DIR {settings.data_dir} cannot be written ({error.strerror}); choose a folder you own."
        ) from None


def _blobs(settings: Settings, secrets: Secrets, clock: Clock) -> Blobs:
    if settings.blobs_url:
        return CloudBlobs(settings.blobs_url)
    return FolderBlobs(settings.data_dir / "blobs", GatewayUrls(settings.base_url, secrets, clock))


def _rooms(settings: Settings) -> Rooms:
    secret = settings.livekit_api_secret
    if not settings.livekit_url:
        return EmbeddedRooms(settings.base_url)
    if not settings.livekit_api_key or secret is None:
        raise ConfigurationError("SPEKO_LIVEKIT_URL needs SPEKO_LIVEKIT_API_KEY and SPEKO_LIVEKIT_API_SECRET.")
    try:
        # Only here: an installation without LiveKit has neither its packages nor the 40 MB they take.
        from speko_core.adapters.livekit_rooms import LiveKitRooms
    except ImportError:
        raise ConfigurationError("SPEKO_LIVEKIT_URL needs more packages: pip install 'speko[worker]'.") from None
    caller_url = settings.livekit_public_url or settings.livekit_url
    return LiveKitRooms(
        settings.livekit_url, caller_url, settings.livekit_api_key, secret.get_secret_value(), settings.livekit_agent
    )


def _mail(settings: Settings) -> Mail:
    if settings.smtp_url is not None:
        return SmtpMail(settings.smtp_url.get_secret_value(), settings.mail_from)
    if settings.sign_up == "open":
        raise ConfigurationError("SPEKO_SIGN_UP=open needs SPEKO_SMTP_URL: sign-up proves addresses by mail.")
    return NoMail()


def build_deps(settings: Settings) -> Deps:
    """Choose every implementation from the settings; nothing is dialled yet.

    Raises:
        ConfigurationError: the settings cannot work; the text is for the operator.
    """
    prepare_data_dir(settings)
    if settings.allow_insecure_webhooks:
        logger.warning(INSECURE)
    secrets = EnvelopeSecrets(load_master_key(settings))
    token = settings.worker_token.get_secret_value() if settings.worker_token else secrets.worker_token
    clock = SystemClock()
    credit = CreditBook(prepaid=settings.billing == "prepaid")
    journal = Journal(settings, clock, credit)
    database = Database(create_engine(settings))
    outbound = guarded_client(GuardedTransport(allow_insecure=settings.allow_insecure_webhooks))
    tool_servers = McpServers(outbound)
    return Deps(
        settings=settings,
        clock=clock,
        secrets=secrets,
        database=database,
        providers=late_registry(settings),
        jobs=DbosJobs(settings),
        rooms=_rooms(settings),
        blobs=_blobs(settings, secrets, clock),
        embedders=Embedders(settings),
        limits=RateLimiter(
            clock, per_key=settings.rate_limit_per_key, per_organization=settings.rate_limit_per_organization
        ),
        worker_token=token,
        journal=journal,
        health=HealthBook(clock),
        decisions=DecisionLog(journal),
        credit=credit,
        standings=Standings(clock),
        mail=_mail(settings),
        outbound=outbound,
        integrations=ByApp(
            InstalledApps(settings, clock, secrets, database, outbound),
            {APP_KEY: McpActions(secrets, database, tool_servers)},
        ),
        tool_servers=tool_servers,
    )
