"""Metering and credits: what every provider call cost, who paid, and the ledger that says so to the micro-dollar."""
