"""Tool calls put together from the fragments in which vendors stream them."""

from dataclasses import dataclass
from typing import Final

import orjson

from speko_core.providers.base import FailureKind, ProviderError, ToolCall

MAX_ARGS_CHARACTERS: Final = 1_000_000


@dataclass
class _Fragments:
    id: str
    name: str
    args: list[str]


class ToolCallCollector:
    """Puts tool calls together from fragments. `one` keeps only the first, for callers who want no parallel calls."""

    def __init__(self, one: bool = False) -> None:
        self._one = one
        self._calls: list[_Fragments] = []
        self._at: dict[object, _Fragments] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._calls)

    def start(self, key: object, call_id: str | None, name: str, args: str = "") -> None:
        """A call begins at `key`; a missing id is made up, as some hosts send none."""
        call = _Fragments(call_id or f"call_{len(self._calls)}", name, [])
        self._calls.append(call)
        self._at[key] = call
        self.add(key, args)

    def add(self, key: object, args: str) -> None:
        """More of the arguments of the call at `key`.

        Raises:
            ProviderError: there is no such call, or its arguments have no end.
        """
        call = self._at.get(key)
        self._size += len(args)
        if call is None or self._size > MAX_ARGS_CHARACTERS:
            raise ProviderError(FailureKind.UPSTREAM, "a tool call without a beginning or an end")
        call.args.append(args)

    def differs(self, key: object, call_id: str | None) -> bool:
        """True when a fragment with this id is the beginning of another call than the one at `key`."""
        call = self._at.get(key)
        return call is None or (bool(call_id) and call.id != call_id)

    def take(self) -> list[ToolCall]:
        """Every call, whole.

        Raises:
            ProviderError: arguments that are no JSON object, or a call without a name.
        """
        return [_whole(call) for call in (self._calls[:1] if self._one else self._calls)]


def _whole(call: _Fragments) -> ToolCall:
    args = "".join(call.args).strip() or "{}"
    try:
        parsed = orjson.loads(args)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict) or not call.name:
        raise ProviderError(FailureKind.UPSTREAM, "a tool call is incomplete")
    return ToolCall(call.id, call.name, args)
