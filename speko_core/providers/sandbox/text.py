"""Small readings of a sentence: yes and no, joining lists, saying a value."""

from datetime import date, time

from speko_core.providers.sandbox.words import raw_words

_CONSENT = (
    "yes|yeah|yep|yup|sure|okay|ok|correct|right|exactly|absolutely|please do|go ahead|that is correct|that's correct|"
    "that is right|that's right|of course|sounds good|perfect|do it|yes please"
)
_REFUSAL = "no|nope|nah|wrong|incorrect|never mind|forget it|don't|stop|cancel that|not today|not now"
_YES, _NO = frozenset(_CONSENT.split("|")), frozenset(_REFUSAL.split("|"))
_NEGATED = frozenset({"not", "don't", "wrong", "incorrect"})


def yes_or_no(text: str) -> bool | None:
    """True for consent, False for refusal, None for anything else."""
    words = raw_words(text)
    spoken = " ".join(words)
    if not words or len(words) > 6:
        return None
    if spoken in _NO or words[0] in ("no", "nope", "nah") or _NEGATED & set(words):
        return False
    return True if spoken in _YES or words[0] in ("yes", "yeah", "yep", "sure", "correct") else None


def joined(items: list[str], word: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def said_value(value: object) -> str:
    """A value as it sounds well: dates and times in words, everything else as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return joined([said_value(item) for item in value]) if value else "nothing"
    text = str(value)
    return _said_date(text) or _said_time(text) or text


def _said_date(text: str) -> str | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return f"{day:%A, %B} {day.day}" if day else None


def _said_time(text: str) -> str | None:
    try:
        moment = time.fromisoformat(text) if len(text) in (5, 8) and text[2] == ":" else None
    except ValueError:
        return None
    if moment is None:
        return None
    hour, half = moment.hour % 12 or 12, "a.m." if moment.hour < 12 else "p.m."
    return f"{hour}:{moment.minute:02d} {half}" if moment.minute else f"{hour} {half}"
