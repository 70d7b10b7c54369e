"""What a door needs of an answer on its way, however many calls it is made of."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol, TypeVar

from speko_core.oneshot.call import BEAT_S, WireEvent
from speko_core.types import JsonObject

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Answering(Protocol[E_co]):
    """`start`, then `batches` (or `collect` alone), then always `aclose`."""

    @property
    def headers(self) -> dict[str, str]:
        """The routing headers every answer carries (ONE-5)."""
        ...

    async def start(self) -> None:
        """Wait for the first real event."""
        ...

    def batches(self, beat_s: float = BEAT_S) -> AsyncGenerator[Sequence[E_co], None]:
        """The answer as it comes; empty batches mark silence."""
        ...

    async def collect(self) -> None:
        """Take the whole answer."""
        ...

    async def aclose(self) -> None:
        """Cancel what is still open, and meter what was consumed."""
        ...


class Streamed(Answering[E], Protocol[E]):
    """An answer of events, which is also one JSON object."""

    def meta(self) -> JsonObject:
        """The first `meta` event."""
        ...

    def wire(self, event: E) -> WireEvent | None:
        """Name and data of the event on the wire; None for what the wire does not show."""
        ...

    def result(self) -> JsonObject:
        """The `done` event, which is also the JSON answer."""
        ...
