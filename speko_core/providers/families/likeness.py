"""Frames of one stream that differ in their text alone, read by what stands around it.

Most vendors repeat the whole frame around every few letters of an answer. What was parsed once and is the same again,
byte for byte, need not be parsed again: that is most of what a long answer costs.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import orjson

# What means itself inside a JSON string: no quote, no escape, no control character.
_plain: Final = re.compile(rb'[^"\\\x00-\x1f]+').fullmatch
_PROBE: Final = "probe"
# Frames with a changing field, such as OpenAI's padding, are never alike: do not try for a whole answer.
_TRIES: Final = 3


class Likeness:
    """What one stream's text frames have in common. `only_text` gives the text of a frame that says nothing else."""

    def __init__(self, only_text: Callable[[dict[str, Any]], object]) -> None:
        self._only_text = only_text
        # Until something is learned, no frame begins like this.
        self._before, self._after = b"\n", b""
        self._start = self._stop = self._around = 0
        self._tries = _TRIES

    def text(self, frame: bytes) -> str | None:
        """The text of a frame that is like the learned one; None for all others.

        Raises:
            ValueError: it is not UTF-8.
        """
        if frame.startswith(self._before) and frame.endswith(self._after):
            text = frame[self._start : self._stop]
            if _plain(text) and len(frame) > self._around:
                return text.decode()
        return None

    def learn(self, frame: bytes, text: str) -> None:
        """Take what is around `text` in a frame that was parsed, when another text in its place reads as that text."""
        if not self._tries:
            return
        self._tries -= 1
        before, _, after = frame.partition(orjson.dumps(text))
        if self._only_text(orjson.loads(frame)) == text and self._reads_back(before, after):
            self._before, self._after = before + b'"', b'"' + after
            self._start, self._stop, self._tries = len(self._before), -len(self._after), 0
            self._around = self._start - self._stop

    def _reads_back(self, before: bytes, after: bytes) -> bool:
        """The proof that the bytes found are the text, and not the same letters elsewhere."""
        try:
            return self._only_text(orjson.loads(before + orjson.dumps(_PROBE) + after)) == _PROBE
        except orjson.JSONDecodeError:
            return False
