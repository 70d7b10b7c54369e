"""Usage that comes as totals: what of it was audio, its vendor does not say."""

from speko_core.providers.families.messages import count_of
from speko_core.providers.realtime import Consumed
from speko_core.types import JsonObject


class TotalsOnly:
    """A realtime dialect whose answers count tokens as a whole."""

    def _consumed(self, usage: JsonObject) -> Consumed:
        return Consumed(text_in=count_of(usage, "input_tokens"), text_out=count_of(usage, "output_tokens"))
