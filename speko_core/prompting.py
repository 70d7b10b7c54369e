"""Prompts are files: purpose, variables and version at the top, the text below the second `---`."""

from functools import cache
from pathlib import Path

import speko_core

# In an installed package the files lie inside `speko_core`, in a checkout beside it.
_PACKAGE = Path(speko_core.__file__).parent
_FOLDERS = (_PACKAGE / "prompts", _PACKAGE.parent / "prompts")


@cache
def prompt(name: str) -> str:
    """The text of `prompts/NAME.md`.

    Raises:
        FileNotFoundError: the package is broken.
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.md"
        if path.is_file():
            return path.read_text("utf-8").split("---\n", 2)[-1].strip()
    raise FileNotFoundError(name)
