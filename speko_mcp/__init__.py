"""The MCP door: tools, sign-in for MCP clients, and what a model reads. No product logic lives here."""
