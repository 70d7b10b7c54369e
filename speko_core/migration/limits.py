"""Bounds of what is read, so that no input costs more than a moment (MIG-1, MIG-2)."""

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_FILES = 500
MAX_TOTAL_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 60
# A large real configuration has about 5,000 values; a graph of 2,000 nodes has about 40,000.
MAX_LEAVES = 60_000
MAX_NODES = 2_000
MAX_AGENTS = 50
MAX_YAML_ALIASES = 100
MAX_YAML_EVENTS = 200_000
