"""What a person sees when everything is ready, as plain aligned lines."""

from collections.abc import Mapping

LABELS = {
    "talk": "Talk page",
    "dashboard": "Dashboard",
    "sign_in": "Sign in (once)",
    "mcp": "MCP server",
    "api": "REST API",
    "test_key": "Test key",
    "live_key": "Live key",
}
_WIDTH = max(map(len, LABELS.values()))


def welcome_lines(links: Mapping[str, object]) -> list[str]:
    """The addresses and keys under each other, then the line for a coding agent."""
    lines = [f"  {label:<{_WIDTH}}  {links[name]}" for name, label in LABELS.items() if name in links]
    if "test_key" in links:
        lines += ["", "  The keys are shown this once; `speko keys create` makes more."]
    else:
        lines += ["", "  `speko sign-in-link` opens the dashboard; `speko keys create` makes a key."]
    lines += ["", "  Connect a coding agent:", f"  {links['claude']}", ""]
    return [*lines, f"  WARNING: {links['warning']}", ""] if "warning" in links else lines
