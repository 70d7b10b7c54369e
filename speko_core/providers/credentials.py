"""Which key a call to a vendor uses: the one place that knows.

The organization's own key comes first, then the platform's; a candidate without either is skipped (RTE-8). A test key
never gets one, whatever else goes wrong (ORG-4).
"""

from typing import Literal

from speko_core.deps import Deps
from speko_core.principal import Principal
from speko_core.providers.base import Credential


def credential_id(deps: Deps, principal: Principal, vendor: str) -> str:
    """A name for the credential that `resolve` answers, without telling it; another key has another name."""
    standing = deps.standings.get(principal.organization_id)
    own = standing.keys.get(vendor) if standing and principal.mode == "live" else None
    return own.id if own is not None else "platform"


def key_source(deps: Deps, principal: Principal, vendor: str) -> Literal["BYOK", "MANAGED", "NONE"]:
    """Whose key `resolve` would answer with. Asked for every vendor of every call, so no credential is made."""
    if principal.mode == "test":
        return "NONE"
    standing = deps.standings.get(principal.organization_id)
    if standing is not None and vendor in standing.keys:
        return "BYOK"
    return "MANAGED" if deps.settings.provider_keys.get(vendor) else "NONE"


def resolve(deps: Deps, principal: Principal, vendor: str) -> Credential | None:
    """The credential for `principal`'s calls to `vendor`, or None when there is none.

    Answers from what is known of the organization: await `warming.warm` first.
    """
    if principal.mode == "test":
        return None
    standing = deps.standings.get(principal.organization_id)
    own = standing.keys.get(vendor) if standing else None
    if own is not None:
        return own.credential
    settings = deps.settings
    key = settings.provider_keys.get(vendor)
    return Credential(key.get_secret_value(), "MANAGED", settings.provider_urls.get(vendor)) if key else None
