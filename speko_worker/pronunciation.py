"""Words the voice should say differently from how they are written, replaced while the text streams."""

import re
from collections.abc import AsyncIterable, Callable, Mapping

TextTransform = Callable[[AsyncIterable[str]], AsyncIterable[str]]


def pronounce(rules: Mapping[str, str]) -> TextTransform:
    """A text transform that replaces whole words or phrases, ignoring case.

    Text is held back only as far as a longer key could still begin in it.
    """
    lookup = {key.casefold(): value for key, value in rules.items() if key.strip()}
    keys = sorted(lookup, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, keys))})(?!\w)", re.IGNORECASE) if keys else None
    reach = max((len(key) for key in keys if re.search(r"\s", key)), default=0)

    def _apply(text: str) -> str:
        return pattern.sub(lambda m: lookup.get(m.group().casefold(), m.group()), text) if pattern else text

    async def _transform(text: AsyncIterable[str]) -> AsyncIterable[str]:
        held = ""
        async for chunk in text:
            held += chunk
            cut = safe_cut(held, pattern, reach) if pattern else len(held)
            if cut:
                yield _apply(held[:cut])
                held = held[cut:]
        if held:
            yield _apply(held)

    return _transform


def safe_cut(text: str, pattern: re.Pattern[str], reach: int) -> int:
    """Where the text can be cut so that no match, present or still growing, lies across the cut.

    `reach` is the length of the longest key with a space in it: one that starts before the cut must be visible whole.
    """
    spaces = [found.start() for found in re.finditer(r"\s", text[: max(0, len(text) - reach)])]
    cut = spaces[-1] if spaces else 0
    for found in pattern.finditer(text):
        if found.start() < cut < found.end():
            return found.start()
    return cut
