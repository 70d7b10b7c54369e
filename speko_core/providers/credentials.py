"""Which key a call to a vendor uses: the one place that knows.

A candidate without a key is skipped (RTE-8). A test key never gets one, whatever else goes wrong (ORG-4).
"""

from speko_core.deps import Deps
from speko_core.principal import Principal
from speko_core.providers.base import Credential


def resolve(deps: Deps, principal: Principal, vendor: str) -> Credential | None:
    """The credential for `principal`'s calls to `vendor`, or None when there is none."""
    if principal.mode == "test":
        return None
    settings = deps.settings
    key = settings.provider_keys.get(vendor)
    return Credential(key.get_secret_value(), "MANAGED", settings.provider_urls.get(vendor)) if key else None
