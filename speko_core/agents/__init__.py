"""Agents: reusable voice personas that sessions start from."""
