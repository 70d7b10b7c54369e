"""The offers of a process, listed once for each set of keys: calls with the same keys share one immutable tuple."""

from collections import OrderedDict
from datetime import date

from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import Modality
from speko_core.routing.offers import KeySource, KeySources, Offer, offers

KEPT = 512

_Key = tuple[Modality, int, tuple[KeySource, ...], date]


class OfferLists:
    """Lists by modality, keys and day; bounded, least recently used dropped first."""

    def __init__(self) -> None:
        # The registry is kept beside its list, so that its identity stays its own.
        self._known: OrderedDict[_Key, tuple[ProviderRegistry, tuple[Offer, ...]]] = OrderedDict()

    def get(self, modality: Modality, registry: ProviderRegistry, key_of: KeySources, today: date) -> tuple[Offer, ...]:
        """Every catalogue model of `modality`, as `offers` lists them."""
        key = (modality, id(registry), tuple(map(key_of, registry.catalog)), today)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (registry, offers(modality, registry, key_of, today))
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return known[1]
