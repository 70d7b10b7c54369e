"""The domain: resources, routing, one-shot calls, sessions. Imports neither a door nor the worker."""

VERSION = "0.1.0"
