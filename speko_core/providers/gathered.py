"""Events that come in groups, for those who take what one read brought at once, and one by one for all others."""

from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Generic, TypeVar

E = TypeVar("E")


class Gathered(AsyncGenerator[E, None], Generic[E]):
    """The events of `groups`. Iterate either this or `groups`, not both; closing this closes them."""

    def __init__(self, groups: AsyncGenerator[Sequence[E], None]) -> None:
        self.groups = groups
        self._left: list[E] = []

    async def asend(self, value: None) -> E:
        """The next event."""
        while not self._left:
            self._left = list(reversed(await anext(self.groups)))
        return self._left.pop()

    async def athrow(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | object = None,
        traceback: TracebackType | None = None,
        /,
    ) -> E:
        """Raise inside of what makes the groups, which ends with it."""
        await self.groups.athrow(kind if isinstance(kind, BaseException) else kind())
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End it."""
        await self.groups.aclose()
