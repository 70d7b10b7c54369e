"""Modules that are loaded when something of them is first used.

For libraries that take megabytes and are needed by few calls: a process that never makes such a call never loads them.
Type checkers see the real import, under `TYPE_CHECKING`.
"""

from importlib import import_module


class LateModule:
    """Stands for a module. Python's own import lock makes the first use safe from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        if attribute.startswith("_"):
            # What Python and its tools ask of any object, such as whether it wraps another, is no use of the module.
            raise AttributeError(attribute)
        found = getattr(import_module(self._name), attribute)
        # The next use finds it without coming here.
        self.__dict__[attribute] = found
        return found
