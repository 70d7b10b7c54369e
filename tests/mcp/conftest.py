"""Fixtures of the MCP tests."""

from tests.mcp.serving import running_web_role, settings_on_a_free_port

__all__ = ["running_web_role", "settings_on_a_free_port"]
