"""Dates and times as people say them, relative to a date the prompt names; without one, only full dates."""

import re
from datetime import date, time, timedelta

from speko_core.providers.sandbox.numbers import read_number, read_ordinal

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_TODAY = re.compile(r"(?:today|current date|date|now)\W+(?:is\W+)?(?:\w+day,?\W+)?(\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2})[:.](\d{2})\s*([ap]\.?m)?")


def context_date(prompt: str) -> date | None:
    """The present date, as far as the prompt says it: "Today is 2026-05-04"."""
    match = _TODAY.search(prompt)
    return _iso(match.group(1)) if match else None


def find_date(text: str, words: tuple[str, ...], today: date | None) -> date | None:
    """The date somebody said, or None when there is none or it depends on a date we do not know."""
    if (match := _ISO.search(text)) is not None:
        return _iso(match.group(0))
    named = _month_and_day(words, today)
    return named if named is not None or today is None else _relative(words, today)


def find_time(text: str, words: tuple[str, ...]) -> time | None:
    """The time of day somebody said: "three in the afternoon", "half past ten", "10:30", "noon"."""
    if "noon" in words or "midday" in words:
        return time(12)
    if "midnight" in words:
        return time(0)
    spoken = " ".join(words)
    late = bool(re.search(r"\b(afternoon|evening|tonight|p ?m)\b", spoken))
    early = bool(re.search(r"\b(morning|a ?m)\b", spoken))
    clock = _written_clock(text.lower()) or _spoken_clock(words)
    if clock is None:
        return None
    hour, minute = clock
    if late and hour < 12:
        hour += 12
    if early and hour == 12:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _month_and_day(words: tuple[str, ...], today: date | None) -> date | None:
    for index, word in enumerate(words):
        if word not in _MONTHS:
            continue
        before, after = words[max(0, index - 2) : index], words[index + 1 :]
        day = read_ordinal(after) or read_ordinal(before) or read_ordinal(before[-1:])
        year = next((int(word) for word in after if len(word) == 4 and word.isdigit()), None)
        return _complete(_MONTHS.index(word) + 1, day, year, today)
    return None


def _complete(month: int, day: int | None, year: int | None, today: date | None) -> date | None:
    if day is None or (year is None and today is None):
        return None
    try:
        if year is not None or today is None:
            return date(year or 0, month, day)
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)
    except ValueError:
        return None


def _relative(words: tuple[str, ...], today: date) -> date | None:
    spoken = " ".join(words)
    for phrase, days in (("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0)):
        if phrase in spoken:
            return today + timedelta(days=days)
    for index, word in enumerate(words):
        if word in _WEEKDAYS:
            ahead = (_WEEKDAYS.index(word) - today.weekday()) % 7 or 7
            next_week = index > 0 and words[index - 1] == "next" and ahead < 7 - today.weekday()
            return today + timedelta(days=ahead + 7 * next_week)
    return None


def _written_clock(text: str) -> tuple[int, int] | None:
    match = _CLOCK.search(text)
    if match is None:
        return None
    hour, half = int(match.group(1)), (match.group(3) or "").replace(".", "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour, int(match.group(2))


def _spoken_clock(words: tuple[str, ...]) -> tuple[int, int] | None:
    """An hour after "at", before "o'clock" or a part of the day, or a phrase that is nothing but a time."""
    for index in range(len(words)):
        if words[index : index + 2] == ("half", "past"):
            hour, used = read_number(words[index + 2 :])
            return (hour, 30) if used and hour <= 23 else None
    for index, word in enumerate(words):
        match = re.fullmatch(r"(\d{1,2})([ap])m?", word)
        if match:
            return int(match.group(1)) % 12 + (12 if match.group(2) == "p" else 0), 0
        hour, used = read_number((word,))
        follows = words[index + 1 :]
        minute, more = read_number(follows)
        if used and hour <= 23 and (_is_clock_place(words[:index], follows) or _is_clock_place(("",), follows[more:])):
            return hour, minute if more and minute < 60 else 0
    return None


def _is_clock_place(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    return (
        not before
        or before[-1] in ("at", "around", "about", "by")
        or after[:1] in (("o'clock",), ("am",), ("pm",), ("a",), ("p",))
        or after[:2] in (("in", "the"), ("tomorrow", "morning"))
    )
