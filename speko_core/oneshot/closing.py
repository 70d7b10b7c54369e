"""Adapters promise iterators, and most are generators: those have to be closed by whoever stops early."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

E = TypeVar("E")


@asynccontextmanager
async def closing(source: AsyncIterator[E]) -> AsyncIterator[None]:
    """Close `source` at the end of the block, in the task that iterates it."""
    try:
        yield
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
