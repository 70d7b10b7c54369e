"""Recordings of calls: who may be recorded, the file's way from the worker to the store, and its end."""
