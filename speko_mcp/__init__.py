"""MCP door: tools built from the operation list, the authorization server, docs search."""
