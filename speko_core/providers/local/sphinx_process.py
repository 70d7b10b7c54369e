"""The recognition process: `python -m speko_core.providers.local.sphinx_process`.

Reads requests from stdin and answers on stdout, both in length-prefixed frames. A request is a JSON header
(`{"op": "recognize", "model": "free" | "grammar", "keywords": [...]}` or `{"op": "warm", "model": ...}`) and, to
recognize, a frame of 16 kHz mono PCM; the answer is one JSON frame. The process ends when stdin ends, also when that
happens while it works: its parent is gone or no longer wants the answer.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Iterable

from speko_core.providers.local.frames import read_frame, write_frame
from speko_core.providers.local.recognizer import Heard, Recognizer

STDIN, STDOUT = 0, 1


def main() -> None:
    """Serve requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches children too; the parent decides
    answers = _take_stdout()
    recognizer = Recognizer()
    while (header := read_frame(STDIN)) is not None:
        request = json.loads(header)
        free = request["model"] == "free"
        if request["op"] == "warm":
            recognizer.load(free=free)
            write_frame(answers, b"{}")
            continue
        pcm = read_frame(STDIN)
        if pcm is None:
            return
        answer = _answer(recognizer.recognize(pcm, request["keywords"], free=free))
        write_frame(answers, json.dumps(answer).encode())


def _take_stdout() -> int:
    """Keep stdout for frames: whatever the native library prints goes to stderr."""
    answers = os.dup(STDOUT)
    os.dup2(2, STDOUT)
    return answers


def _answer(sentences: Iterable[Heard]) -> dict[str, object]:
    words: list[tuple[str, float, float]] = []
    guessed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    for heard in sentences:
        words.extend((word.text, word.start_s, word.end_s) for word in heard.words)
        guessed, dropped = heard.guessed, heard.dropped
        if _parent_is_gone():
            sys.exit(0)
    return {"words": words, "guessed": guessed, "dropped": dropped}


def _parent_is_gone() -> bool:
    """One request at a time: anything readable while we work can only be the end of the stream."""
    return bool(select.select([STDIN], [], [], 0)[0])


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(0)
