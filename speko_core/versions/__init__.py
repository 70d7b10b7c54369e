"""Versions of agents: every change makes one, environments point at one, sessions keep the one they started with."""
