"""What a conversation consumes, metered answer by answer: a crash loses no more than the answer it interrupts."""

from collections.abc import Iterable

from speko_core.deps import Deps
from speko_core.metering.credit import Reservation
from speko_core.metering.prices import list_price
from speko_core.oneshot.usage import Attribution, Outcome, Units, Usage
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.providers.catalog import Price
from speko_core.providers.realtime import Consumed, Recognized
from speko_core.realtime.creating import USUAL
from speko_core.routing.decision import Ranked

_CACHED = "1m_cached_input_tokens"


class Meter:
    """Counts audio, and records it with the tokens of each answer."""

    def __init__(self, deps: Deps, principal: Principal, rates: tuple[int, int], decision_id: str) -> None:
        self._deps, self._principal, self._rates = deps, principal, rates
        self._decision_id = decision_id or None
        self._attribution = Attribution(principal.organization_id, principal.mode, principal.session_id)
        self._up = self._down = self._characters = 0

    def sent(self, pcm: bytes) -> None:
        """Audio went up."""
        self._up += len(pcm)

    def came(self, pcm: bytes) -> None:
        """Audio came down."""
        self._down += len(pcm)

    def spoke(self, text: str) -> None:
        """The model has said this."""
        self._characters += len(text)

    async def answered(self, candidate: Ranked, consumed: Consumed, outcome: Outcome = "completed") -> None:
        """Record an answer, and all audio since the one before it.

        Raises:
            Unavailable: it could not be made durable.
        """
        prices = candidate.offer.facts.prices
        units = units_of(consumed, prices, audio_ms=self._audio_ms(prices), characters=self._characters)
        self._up = self._down = self._characters = 0
        await self._record(candidate, Modality.S2S, candidate.model, units, prices, outcome)

    async def recognized(self, candidate: Ranked, heard: Recognized) -> None:
        """Record what a recognizer beside the model has written down.

        Raises:
            Unavailable: it could not be made durable.
        """
        facts = self._deps.providers.catalog[candidate.vendor].model(heard.model)
        prices = facts.prices if facts else ()
        await self._record(candidate, Modality.STT, heard.model, Units(heard.audio_ms), prices, "completed")

    async def close(self, candidate: Ranked) -> None:
        """Record what no answer was given to: audio is billed all the same."""
        if self._up or self._down or self._characters:
            await self.answered(candidate, Consumed(), "cancelled")

    def _audio_ms(self, prices: Iterable[Price]) -> int:
        """Both directions; the caller's alone where speech is billed by its characters."""
        heard_ms, spoken_ms = (
            length * 500 // rate for length, rate in zip((self._up, self._down), self._rates, strict=True)
        )
        by_text = any(price.unit == "1m_characters" for price in prices)
        return heard_ms if by_text else heard_ms + spoken_ms

    async def _record(
        self,
        candidate: Ranked,
        modality: Modality,
        model: str,
        units: Units,
        prices: tuple[Price, ...],
        outcome: Outcome,
    ) -> None:
        offer = candidate.offer
        await self._deps.journal.record(
            Usage(
                self._attribution,
                modality,
                offer.vendor,
                model,
                offer.key_source,
                units,
                outcome,
                prices,
                self._decision_id,
            )
        )


def units_of(consumed: Consumed, prices: Iterable[Price], *, audio_ms: int = 0, characters: int = 0) -> Units:
    """Tokens as they are priced: cached ones are ordinary ones where they have no price of their own."""
    cached_text, cached_audio = consumed.cached_text_in, consumed.cached_audio_in
    discounted = any(price.unit == _CACHED for price in prices)
    return Units(
        audio_ms=audio_ms,
        prompt_tokens=consumed.text_in + consumed.audio_in + cached_text + cached_audio,
        completion_tokens=consumed.text_out + consumed.audio_out,
        characters=characters,
        audio_prompt_tokens=consumed.audio_in + (0 if discounted else cached_audio),
        cached_prompt_tokens=cached_text + cached_audio if discounted else 0,
        audio_completion_tokens=consumed.audio_out,
    )


class Allowance:
    """The credit held for the next minute of a conversation."""

    def __init__(self, deps: Deps, principal: Principal, reservation: Reservation | None) -> None:
        self._deps, self._principal, self._held = deps, principal, reservation

    def renew(self, candidate: Ranked) -> None:
        """Hold credit for another minute.

        Raises:
            InsufficientCredits: there is none.
        """
        if self._held is None:
            return
        self._held.release()
        estimate = list_price(USUAL, candidate.offer.facts.prices).micro_usd
        self._held = self._deps.credit.reserve(self._principal.organization_id, estimate, self._deps.clock.now())

    def release(self) -> None:
        """Give back what is held."""
        if self._held is not None:
            self._held.release()
