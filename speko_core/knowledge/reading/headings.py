"""The headings above a place in a document."""

from speko_core.knowledge.passages import one_line

MAX_HEADING_CHARS = 160


class Trail:
    """Follows headings as they come: a heading of a level ends all of its level and below."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """Go below a heading; level 1 is the highest."""
        self._open = [entry for entry in self._open if entry[0] < level]
        self._open.append((level, one_line(title)[:MAX_HEADING_CHARS]))

    @property
    def headings(self) -> tuple[str, ...]:
        """From the highest to the nearest."""
        return tuple(title for _, title in self._open if title)
