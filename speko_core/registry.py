"""Every operation of the product, explicitly, so that a reader can jump. Doors, documents and guard tests read it."""

from speko_core.accounts.operations import OPERATIONS as ACCOUNTS
from speko_core.agents.operations import OPERATIONS as AGENTS
from speko_core.byok.operations import OPERATIONS as BYOK
from speko_core.do_not_call.operations import OPERATIONS as DO_NOT_CALL
from speko_core.docs_search.operations import OPERATIONS as DOCS
from speko_core.doctor.operations import OPERATIONS as DOCTOR
from speko_core.integrations.operations import OPERATIONS as INTEGRATIONS
from speko_core.knowledge.operations import OPERATIONS as KNOWLEDGE
from speko_core.mcp_servers.operations import OPERATIONS as MCP_SERVERS
from speko_core.metering.operations import OPERATIONS as METERING
from speko_core.migration.operations import OPERATIONS as MIGRATION
from speko_core.operations import AnyOperation
from speko_core.organizations.operations import OPERATIONS as ORGANIZATIONS
from speko_core.recordings.operations import OPERATIONS as RECORDINGS
from speko_core.routing.decisions_operations import OPERATIONS as DECISIONS
from speko_core.routing.operations import OPERATIONS as ROUTING
from speko_core.routing.snapshots_operations import OPERATIONS as SNAPSHOTS
from speko_core.sessions.operations import OPERATIONS as SESSIONS
from speko_core.starter.operations import OPERATIONS as STARTER
from speko_core.telephony.operations import OPERATIONS as TELEPHONY
from speko_core.tools.operations import OPERATIONS as TOOLS
from speko_core.traces.operations import OPERATIONS as TRACES
from speko_core.versions.operations import OPERATIONS as VERSIONS
from speko_core.webhooks.operations import OPERATIONS as WEBHOOKS

OPERATIONS: tuple[AnyOperation, ...] = (
    *ACCOUNTS,
    *ORGANIZATIONS,
    *AGENTS,
    *KNOWLEDGE,
    *TOOLS,
    *MCP_SERVERS,
    *INTEGRATIONS,
    *VERSIONS,
    *SESSIONS,
    *RECORDINGS,
    *TRACES,
    *DO_NOT_CALL,
    *TELEPHONY,
    *ROUTING,
    *DECISIONS,
    *SNAPSHOTS,
    *BYOK,
    *METERING,
    *DOCS,
    *STARTER,
    *DOCTOR,
    *MIGRATION,
    *WEBHOOKS,
)


def by_id(operation_id: str) -> AnyOperation:
    """The operation with this id.

    Raises:
        KeyError: there is none.
    """
    for operation in OPERATIONS:
        if operation.id == operation_id:
            return operation
    raise KeyError(operation_id)
