"""The authorization server for MCP clients: wire formats over the services in `speko_core.accounts`."""
