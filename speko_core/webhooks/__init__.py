"""Webhooks: who hears of what, signed, delivered at least once, in order per call."""
