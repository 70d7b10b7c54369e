"""The adapters of one process, made when somebody first looks at them.

`registry.py` lists them. Their libraries cost more than a third of a role's start, and some roles never look.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from typing import Generic, TypeVar, cast

from speko_core.providers.base import Provider
from speko_core.providers.catalog import VendorFacts, load_catalog
from speko_core.settings import Settings

V = TypeVar("V")


class LateMapping(Mapping[str, V], Generic[V]):
    """A mapping that is made at first look, by `make`."""

    def __init__(self, make: Callable[[], Mapping[str, V]]) -> None:
        self._make = make
        self._made: Mapping[str, V] | None = None

    @property
    def is_made(self) -> bool:
        """True when somebody has looked."""
        return self._made is not None

    def _all(self) -> Mapping[str, V]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, name: str) -> V:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


@dataclass(frozen=True)
class ProviderRegistry:
    """Adapters by vendor for one process; the vendors match the catalogue's (a test holds them together)."""

    by_vendor: Mapping[str, Provider]
    catalog: Mapping[str, VendorFacts] = field(default_factory=load_catalog)

    def get(self, vendor: str) -> Provider | None:
        """The adapters of `vendor`, or None when this process has none."""
        return self.by_vendor.get(vendor)

    def load(self) -> None:
        """Make the adapters now. Blocks while their libraries load; may run in any thread."""
        len(self.by_vendor)

    async def aclose(self) -> None:
        """Release every provider's processes and connections."""
        if isinstance(self.by_vendor, LateMapping) and not self.by_vendor.is_made:
            return
        for provider in self.by_vendor.values():
            for closer in provider.closers:
                await closer.aclose()


def late_registry(settings: Settings) -> ProviderRegistry:
    """The registry of every listed vendor; nothing is loaded before somebody looks, nothing dialled before a call."""
    lock, made = Lock(), list[ProviderRegistry]()

    def make() -> ProviderRegistry:
        with lock:
            if not made:
                listed = import_module("speko_core.providers.registry")
                made.append(cast(ProviderRegistry, listed.build_registry(settings, listed.default_factories())))
            return made[0]

    return ProviderRegistry(LateMapping(lambda: make().by_vendor), LateMapping(lambda: make().catalog))
