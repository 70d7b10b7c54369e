"""Recognition inside the child process: a grammar decoder, a free decoder, and the gate between them.

Every utterance is decoded whole with batch cepstral mean normalization. The shipped mean fits no voice, and carrying
the mean from one utterance to the next makes a result depend on what was said before it, possibly by somebody else.
"""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pocketsphinx
from pocketsphinx import Decoder, Vad

from speko_core.providers.local.grammar import build_grammar, spoken_words
from speko_core.providers.local.pronounce import guess_phones
from speko_core.providers.local.segments import SAMPLE_RATE, speech_segments
from speko_core.providers.local.similarity import error_rate

FRAMES_PER_SECOND = 100
SILENCE = bytes(2 * SAMPLE_RATE * 3 // 10)
GATE_MAX_PHONE_ERROR = 1 / 3
MAX_CACHED_GRAMMARS = 8
MAX_ADDED_WORDS = 2_000
MAX_ACTIVE_STATES = 8_000  # a quarter of the default: the same words at a fifth less work on hard audio
_BUILT_IN = "builtin"
_FREE = "free"


@dataclass(frozen=True)
class HeardWord:
    """A word and its place in seconds from the start of the utterance."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Heard:
    """What one utterance gave. `guessed` words got a guessed pronunciation; `dropped` keywords have no letters."""

    words: tuple[HeardWord, ...]
    guessed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keywords:
    """Keywords as spoken words, and which of them the dictionary did not know."""

    phrases: tuple[tuple[str, ...], ...] = ()
    guessed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass
class Recognizer:
    """Two lazily loaded decoders over one acoustic model on disk. Not safe for threads."""

    _grammar: Decoder | None = None
    _free: Decoder | None = None
    _grammars: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _added: set[str] = field(default_factory=set)
    _named: int = 0

    def load(self, *, free: bool) -> None:
        """Load the models now instead of at the first utterance."""
        self._grammar_decoder()
        if free:
            self._free_decoder()

    def recognize(self, pcm: bytes, keywords: Sequence[str], *, free: bool) -> Iterator[Heard]:
        """Yield what each sentence of the utterance gave; 16 kHz mono. No speech yields nothing.

        With `free`, the grammar's answer stands only where the free language model heard nearly the same; without
        it, whatever is said is forced onto the grammar.
        """
        known = self._prepare(keywords)
        vad = Vad(mode=1, sample_rate=SAMPLE_RATE, frame_length=0.03)
        for segment in speech_segments(pcm, vad.is_speech):
            offset_s = segment.start / 2 / SAMPLE_RATE
            words = self._hear(pcm[segment.start : segment.end], known, free=free)
            moved = tuple(HeardWord(word.text, word.start_s + offset_s, word.end_s + offset_s) for word in words)
            yield Heard(moved, known.guessed, known.dropped)

    def _hear(self, pcm: bytes, keywords: Keywords, *, free: bool) -> tuple[HeardWord, ...]:
        decoder = self._grammar_decoder()
        decoder.activate_search(self._search_for(decoder, keywords))
        by_grammar = _decode(decoder, pcm)
        if not free:
            return by_grammar
        freely = self._free_decoder()
        by_language_model = _decode(freely, pcm)
        return by_grammar if self._agree(by_grammar, by_language_model) else by_language_model

    def _agree(self, by_grammar: Sequence[HeardWord], freely: Sequence[HeardWord]) -> bool:
        """Nearly the same by sound: "sam que" is "thank you" misheard, while "mary" for "emily" is forced.

        By words the two cases look alike. The threshold was chosen on 26 phrases of the grammar and 16 sentences
        outside it, spoken by three voices.
        """
        return bool(by_grammar) and error_rate(self._phones(freely), self._phones(by_grammar)) <= GATE_MAX_PHONE_ERROR

    def _phones(self, words: Sequence[HeardWord]) -> list[str]:
        decoder = self._grammar_decoder()
        return [phone for word in words for phone in (decoder.lookup_word(word.text) or "").split()]

    def _prepare(self, keywords: Sequence[str]) -> Keywords:
        spoken = {keyword: spoken_words(keyword) for keyword in keywords}
        unknown = [word for words in spoken.values() for word in words if self._is_unknown(word)]
        self._add_words(dict.fromkeys(unknown))
        return Keywords(
            phrases=tuple(words for words in spoken.values() if words),
            guessed=tuple(dict.fromkeys(unknown)),
            dropped=tuple(keyword for keyword, words in spoken.items() if not words),
        )

    def _is_unknown(self, word: str) -> bool:
        return word in self._added or self._grammar_decoder().lookup_word(word) is None

    def _add_words(self, words: Iterable[str]) -> None:
        """Only to the grammar decoder: the free language model would offer one caller's words to all others."""
        if len(self._added) > MAX_ADDED_WORDS:
            self._grammar, self._added, self._grammars = None, set(), OrderedDict()
        for word in words:
            if word not in self._added:
                self._grammar_decoder().add_word(word, guess_phones(word), True)
                self._added.add(word)

    def _search_for(self, decoder: Decoder, keywords: Keywords) -> str:
        if not keywords.phrases:
            return _BUILT_IN
        grammar = build_grammar(keywords.phrases)
        if grammar not in self._grammars:
            self._named += 1
            decoder.add_jsgf_string(f"keywords{self._named}", grammar)
            self._grammars[grammar] = f"keywords{self._named}"
        self._grammars.move_to_end(grammar)
        if len(self._grammars) > MAX_CACHED_GRAMMARS:
            decoder.remove_search(self._grammars.popitem(last=False)[1])
        return self._grammars[grammar]

    def _grammar_decoder(self) -> Decoder:
        if self._grammar is None:
            self._grammar = _decoder()
            self._grammar.add_jsgf_string(_BUILT_IN, build_grammar(()))
        return self._grammar

    def _free_decoder(self) -> Decoder:
        if self._free is None:
            self._free = _decoder()
            self._free.add_lm_file(_FREE, pocketsphinx.get_model_path("en-us/en-us.lm.bin"))
            self._free.activate_search(_FREE)
        return self._free


def _decoder() -> Decoder:
    model = pocketsphinx.get_model_path
    return Decoder(
        hmm=model("en-us/en-us"), dict=model("en-us/cmudict-en-us.dict"), lm=None, cmn="batch",
        maxhmmpf=MAX_ACTIVE_STATES, logfn=os.devnull, loglevel="FATAL",
    )  # fmt: skip


def _decode(decoder: Decoder, pcm: bytes) -> tuple[HeardWord, ...]:
    decoder.start_utt()
    decoder.process_raw(SILENCE + pcm + SILENCE, False, True)
    decoder.end_utt()
    lead_s = len(SILENCE) / 2 / SAMPLE_RATE
    words = []
    for segment in decoder.seg() or ():
        text = segment.word.partition("(")[0]  # "the(2)" is the second pronunciation of "the"
        if text and text[0] not in "<[+":
            start = max(0.0, segment.start_frame / FRAMES_PER_SECOND - lead_s)
            end = max(0.0, (segment.end_frame + 1) / FRAMES_PER_SECOND - lead_s)
            words.append(HeardWord(text, round(start, 2), round(end, 2)))
    return tuple(words)
