"""Editing configuration files that people write by hand: every byte we do not own stays as it is."""
