"""The addresses a person needs after the start, and the fresh credentials when there are any."""

from speko_core.bootstrap import FirstStart
from speko_core.deps import INSECURE
from speko_core.settings import Settings


def links(settings: Settings, first: FirstStart | None) -> dict[str, str]:
    """Name → address or key, in the order in which they are shown; keys only on the first start."""
    base = settings.base_url
    known = {"talk": f"{base}/talk", "mcp": f"{base}/mcp", "api": f"{base}/v1", "dashboard": f"{base}/"}
    key = first.test_key if first else "YOUR_KEY"
    claude = f'claude mcp add --transport http speko {base}/mcp --header "Authorization: Bearer {key}"'
    if settings.allow_insecure_webhooks:
        known["warning"] = INSECURE
    if first is None:
        return {**known, "claude": claude}
    fresh = {"sign_in": first.sign_in_url, "test_key": first.test_key, "live_key": first.live_key}
    return {**known, **fresh, "claude": claude}
