"""Integrations: an organization connects an account of another service, an app, and its agents' tools act with it."""
