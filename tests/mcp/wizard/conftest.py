"""Fixtures of the tests of `speko init`."""

from tests.mcp.wizard.person import person

__all__ = ["person"]
