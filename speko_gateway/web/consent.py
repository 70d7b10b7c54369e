"""The page that asks a signed-in person whether an application may act for them.

The authorization server decides and checks; this module only shows. `POST /oauth/consent` gets the fields
`request_id`, `csrf`, `organization_id` and `decision` (`approve` or `deny`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from speko_gateway.web.headers import page_headers, redirect_source
from speko_gateway.web.render import html

SCOPE_WORDS = {
    "account:read": "See your organization, its settings and members",
    "account:write": "Change organization settings and invite members",
    "agents:read": "See agents and their prompts",
    "agents:write": "Create, change and delete agents",
    "calls:read": "See the phone numbers and the do-not-call list",
    "calls:write": "Change the phone numbers and the do-not-call list",
    "keys:read": "See the list of API keys",
    "keys:write": "Create and revoke API keys",
    "sessions:read": "Read conversations and transcripts",
    "sessions:write": "Start conversations",
    "sessions:turns": "Report what was said in conversations",
    "inference:use": "Use speech and language models, which may cost credits",
    "audit:read": "Read the audit log",
    "docs:read": "Search the documentation",
    "webhooks:read": "See webhooks and what they were sent, transcripts included",
    "webhooks:write": "Choose which URLs hear of events, and send events again",
}
TOOLSET_WORDS = {
    "account": "Organization, members and keys",
    "agents": "Agents and their versions",
    "tools": "What agents may call",
    "knowledge": "Knowledge bases",
    "sessions": "Conversations and transcripts",
    "calls": "Phone numbers and the do-not-call list",
    "routing": "Which provider is chosen, and why",
    "integrations": "Accounts at other services",
    "webhooks": "Webhooks",
    "docs": "The documentation",
    "migrate": "Moving agents here from elsewhere",
}


@dataclass(frozen=True)
class OrganizationChoice:
    """An organization the person may grant access to."""

    id: str
    name: str
    role: str


@dataclass(frozen=True)
class ConsentRequest:
    """What the person is asked. `redirect_uri` is the registered one; `loopback` when it stays on their machine.

    `toolsets` are those the application limits itself to, None when it does not.
    """

    request_id: str
    client_name: str
    redirect_uri: str
    redirect_host: str
    loopback: bool
    scopes: Sequence[str]
    toolsets: Sequence[str] | None
    organizations: Sequence[OrganizationChoice]
    email: str
    csrf: str


def consent_page(consent: ConsentRequest, base_url: str) -> Response:
    """Render the question. The policy allows the form's answer to lead to the application and nowhere else."""
    context = {
        "client_name": consent.client_name,
        "redirect_host": consent.redirect_host,
        "loopback": consent.loopback,
        "scopes": [(scope, SCOPE_WORDS[scope]) for scope in consent.scopes],
        "toolsets": None if consent.toolsets is None else toolset_words(consent.toolsets),
        "organizations": consent.organizations,
        "request_id": consent.request_id,
        "email": consent.email,
        "csrf": consent.csrf,
    }
    return html("consent.html", context, page_headers(base_url, form_targets=redirect_source(consent.redirect_uri)))


def toolset_words(names: Sequence[str]) -> list[str]:
    """Toolsets as a person reads them; names that are none select nothing and are not shown."""
    return [TOOLSET_WORDS[name] for name in names if name in TOOLSET_WORDS]
