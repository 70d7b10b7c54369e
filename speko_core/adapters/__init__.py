"""Implementations of the ports: the local twin and the real one, one file each."""
