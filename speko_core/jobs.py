"""Every kind of background work, explicitly."""

from speko_core.knowledge.ingest import KINDS as KNOWLEDGE
from speko_core.organizations.exports import EXPORT
from speko_core.ports.jobs import JobKind
from speko_core.privacy.retention import RETENTION
from speko_core.recordings.jobs import CLOSE
from speko_core.removal import KINDS as REMOVAL
from speko_core.sessions.jobs import FINALIZE
from speko_core.toolrun.jobs import CALL
from speko_core.webhooks.jobs import KINDS as WEBHOOKS

KINDS: tuple[JobKind, ...] = (FINALIZE, CLOSE, RETENTION, EXPORT, CALL, *WEBHOOKS, *KNOWLEDGE, *REMOVAL)
