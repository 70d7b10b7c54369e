"""Imports every module that declares tables, so that the metadata is complete for migrations and tests."""

from speko_core.accounts import entry_models as entry
from speko_core.accounts import models as accounts
from speko_core.accounts import oauth_models as oauth
from speko_core.agents import models as agents
from speko_core.byok import models as byok
from speko_core.db.base import Base
from speko_core.do_not_call import models as do_not_call
from speko_core.integrations import models as integrations
from speko_core.knowledge import models as knowledge
from speko_core.mcp_servers import models as mcp_servers
from speko_core.metering import models as metering
from speko_core.routing import decisions_models as decisions
from speko_core.sessions import models as sessions
from speko_core.telephony import models as telephony
from speko_core.toolrun import models as toolrun
from speko_core.tools import models as tools
from speko_core.traces import models as traces
from speko_core.versions import models as versions
from speko_core.webhooks import models as webhooks

METADATA = Base.metadata
MODULES = (
    accounts,
    entry,
    oauth,
    agents,
    sessions,
    metering,
    byok,
    decisions,
    do_not_call,
    knowledge,
    versions,
    webhooks,
    tools,
    toolrun,
    integrations,
    telephony,
    mcp_servers,
    traces,
)
