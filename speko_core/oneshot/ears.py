"""How a candidate hears a tape: over its own socket while somebody speaks, or utterance by utterance.

Both are made the same for the failover loop: words are the proof of life, an end before the caller's own end is a
failure, and so is an end without words when somebody spoke. Silence in, nothing out is a good answer.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

from speko_core.audio import wav_bytes
from speko_core.audio.utterances import Utterances
from speko_core.oneshot.closing import closing
from speko_core.oneshot.tape import BYTES_PER_S, FLUSH, RATE, Tape
from speko_core.providers.base import (
    Credential,
    FailureKind,
    LiveSttAdapter,
    ProviderError,
    SttAdapter,
    SttRequest,
    Transcript,
)

# After the caller's last word a candidate that hears live has this long for its own.
LAST_WORDS_S: Final = 10.0
# The answer to a tape without a voice on it.
SILENCE: Final = Transcript("", is_final=True)


def turn_s(spoken_s: float) -> float:
    """How long a whole utterance may take to be recognized."""
    return 8.0 + 1.5 * spoken_s


@dataclass
class Ears:
    """One caller's tape, whether a voice is on it, and how much of it each candidate was told, in bytes."""

    tape: Tape[bytes] = field(default_factory=Tape)
    utterances: Utterances = field(default_factory=Utterances)
    told: Counter[str] = field(default_factory=Counter)
    _limit: asyncio.Timeout | None = None

    def told_ms(self, candidate: str) -> int:
        """Milliseconds of audio that a candidate was sent."""
        return self.told[candidate] * 1000 // BYTES_PER_S

    def end(self) -> None:
        """The caller has said everything."""
        self.tape.end()
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + LAST_WORDS_S)

    async def live(
        self, candidate: str, adapter: LiveSttAdapter, request: SttRequest, credential: Credential | None
    ) -> AsyncGenerator[Transcript, None]:
        """Hear as it is spoken."""
        async with aclosing(self._played(candidate)) as audio:
            found = adapter.listen(request, audio, credential)
            async with closing(found), aclosing(self._whole(self._in_time(found))) as transcripts:
                async for transcript in transcripts:
                    yield transcript

    async def in_turns(
        self, candidate: str, adapter: SttAdapter, request: SttRequest, credential: Credential | None
    ) -> AsyncGenerator[Transcript, None]:
        """Hear each utterance when it has ended."""
        async with (
            aclosing(self._turns(candidate, adapter, request, credential)) as found,
            aclosing(self._whole(found)) as transcripts,
        ):
            async for transcript in transcripts:
                yield transcript

    async def _turns(
        self, candidate: str, adapter: SttAdapter, request: SttRequest, credential: Credential | None
    ) -> AsyncGenerator[Transcript, None]:
        spoken, gate, begun = bytearray(), Utterances(), 0
        async with aclosing(self._played(candidate)) as audio:
            async for piece in audio:
                spoken += piece
                if gate.heard(piece) or piece == FLUSH:
                    for transcript in await _recognized(bytes(spoken), begun, adapter, request, credential):
                        yield transcript
                    begun += len(spoken)
                    spoken.clear()
                    gate.restart()
        for transcript in await _recognized(bytes(spoken), begun, adapter, request, credential):
            yield transcript

    async def _played(self, candidate: str) -> AsyncGenerator[bytes, None]:
        self.told[candidate] = 0
        async with aclosing(self.tape.play()) as pieces:
            async for piece in pieces:
                self.told[candidate] += len(piece)
                yield piece

    async def _in_time(self, found: AsyncIterator[Transcript]) -> AsyncGenerator[Transcript, None]:
        """Nobody can say when the next word comes, until the caller has ended."""
        while True:
            try:
                async with asyncio.timeout(LAST_WORDS_S if self.tape.ended else None) as self._limit:
                    transcript = await anext(found, None)
            except TimeoutError:
                raise ProviderError(FailureKind.TIMEOUT, "no last words in time") from None
            if transcript is None:
                return
            yield transcript

    async def _whole(self, found: AsyncIterator[Transcript]) -> AsyncGenerator[Transcript, None]:
        heard = False
        async for transcript in found:
            heard = heard or transcript.is_final
            yield transcript
        if not self.tape.ended:
            raise ProviderError(FailureKind.UPSTREAM, "the provider stopped listening")
        if not heard and self.utterances.spoke:
            raise ProviderError(FailureKind.EMPTY, "no words were recognized")
        if not heard:
            yield SILENCE


async def _recognized(
    pcm: bytes, begun: int, adapter: SttAdapter, request: SttRequest, credential: Credential | None
) -> list[Transcript]:
    """The final transcripts of one utterance that began `begun` bytes into the conversation; none for noise."""
    spoken_s = len(pcm) / BYTES_PER_S
    if not pcm:
        return []
    whole = replace(request, body=wav_bytes(pcm, RATE), content_type="audio/wav", pcm=pcm, sample_rate=RATE)
    found = adapter.transcribe(whole, credential)
    try:
        async with asyncio.timeout(turn_s(spoken_s)), closing(found):
            return [_moved(heard, begun / BYTES_PER_S) async for heard in found if heard.is_final]
    except TimeoutError:
        raise ProviderError(FailureKind.TIMEOUT, "an utterance took too long") from None
    except ProviderError as error:
        if error.kind is FailureKind.EMPTY:
            return []
        raise


def _moved(heard: Transcript, by_s: float) -> Transcript:
    words = tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in heard.words)
    return replace(heard, words=words)
