"""The calls of one answer whose results the model waits for. Pure."""


class PendingCalls:
    """A model speaks on after the last result of an answer's calls, and not before the answer has ended."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._open: set[str] = set()
        self._running = False

    def begin(self) -> None:
        """An answer begins."""
        self._running = True

    def asked(self, call_id: str) -> bool:
        """The model makes a call; False when that is known already."""
        if call_id in self._asked:
            return False
        self._asked.add(call_id)
        self._open.add(call_id)
        return True

    def answered(self, call_id: str) -> bool:
        """A result goes up; True when it is time to ask for the next answer."""
        self._open.discard(call_id)
        return self._is_time()

    def ended(self) -> bool:
        """The answer has ended; True when all its results had gone up before."""
        self._running = False
        return self._is_time()

    def _is_time(self) -> bool:
        if not self._asked or self._open or self._running:
            return False
        self._asked.clear()
        return True
