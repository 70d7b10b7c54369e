"""Bring your own keys: an organization's provider keys, sealed at rest, write-only, used for its own calls alone."""
