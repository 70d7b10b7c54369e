"""Sounds under a conversation: where the agent seems to sit, and what is heard while a tool runs."""
