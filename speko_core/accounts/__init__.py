"""Users, organizations, roles, API keys, browser sessions, audit."""
