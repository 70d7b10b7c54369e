"""Calls to addresses that people give us: checked when they are registered and again when they are dialled."""
