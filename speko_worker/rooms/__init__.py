"""Calls in LiveKit rooms: the same calls as on the embedded socket, each in a process of its own."""
