"""MCP servers of other people that give an agent tools (AGT-9)."""
