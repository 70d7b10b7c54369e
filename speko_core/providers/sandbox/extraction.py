"""Take a parameter's value out of what somebody said. A value is said or it is absent: nothing is made up."""

import re
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from speko_core.providers.sandbox.dates import find_date, find_time
from speko_core.providers.sandbox.numbers import find_numbers, spoken_digits
from speko_core.providers.sandbox.schema import Field, enum_of
from speko_core.providers.sandbox.text import yes_or_no
from speko_core.providers.sandbox.words import raw_words
from speko_core.types import JsonObject, JsonValue

FUZZY_MATCH = 0.85
MAX_TEXT_CHARS = 500

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_EMAIL = re.compile(r"\b([\w.+-]+) at ([\w-]+(?: dot [\w-]+)+)", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^(?:(?:uh|um|well|okay|yes|sure|please)[, ]+)*(?:it is|it's|that is|that's|this is|my name is|i am|i'm|"
    r"the name is|i would like|i'd like|i want|make it|for|about|on|at|to)\s+",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:(?:my|his|her|its|whose) name is|named|this is|name's|under the name(?: of)?)\s+([a-z][a-z' -]*)",
    re.IGNORECASE,
)
_NAME_END = re.compile(r"\b(?:and|my|i|phone|number|please|thank|for|at|on)\b.*", re.IGNORECASE)
_WHEN = re.compile(
    r"\b(?:(?:next|this) )?(?:today|tomorrow|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
    r"(?: morning| afternoon| evening)?",
    re.IGNORECASE,
)
_PLACE_CUE = re.compile(r"\b(?:in|for|to|at|near)\s+([a-z][a-z' -]*)$", re.IGNORECASE)
_TOPIC_CUE = re.compile(r"\b(?:about|for|because of|regarding)\s+(.+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Heard:
    """One sentence of the caller, and the date that "tomorrow" counts from, if known."""

    text: str
    today: date | None = None

    @property
    def clean(self) -> str:
        """The sentence without surrounding spaces and final punctuation, cut at a sane length."""
        return " ".join(self.text[:MAX_TEXT_CHARS].split()).strip(" .!?,;")

    @property
    def words(self) -> tuple[str, ...]:
        """Its words in lower case."""
        return raw_words(self.clean)


def extract(field: Field, heard: Heard, *, asked: bool) -> JsonValue | None:
    """The field's value, valid against its schema, or None. `asked` means the sentence answers for this field."""
    for candidate in _candidates(field, heard, asked):
        if candidate is not None and field.accepts(candidate):
            return candidate
    return None


def extract_all(fields: tuple[Field, ...], heard: Heard) -> JsonObject:
    """Every value the sentence holds for these fields, none of them having been asked for."""
    found: JsonObject = {}
    for field in fields:
        value = extract(field, heard, asked=False)
        if value is not None:
            found[field.name] = value
    return found


def _candidates(field: Field, heard: Heard, asked: bool) -> list[JsonValue]:
    match field.kind:
        case "const":
            return [field.schema["const"]] if field.required else []
        case "enum":
            return [_enum_value(enum_of(field.schema), heard, fuzzy=asked)]
        case "boolean":
            return [yes_or_no(heard.clean)] if asked else []
        case "integer" | "number":
            return _numbers(field, heard, asked)
        case "string":
            return list(_strings(field, heard, asked))
        case "array":
            return [_items(field, heard, asked)]
    return []


def _enum_value(values: list[JsonValue], heard: Heard, *, fuzzy: bool) -> JsonValue:
    spoken = f" {' '.join(heard.words)} "
    exact = [value for value in values if isinstance(value, str) and f" {_as_said(value)} " in spoken]
    if exact:
        return max(exact, key=lambda value: len(str(value)))
    numbers = find_numbers(heard.words)
    counted = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value in numbers]
    if len(counted) == 1:
        return counted[0]
    return _closest([value for value in values if isinstance(value, str)], heard) if fuzzy else None


def _as_said(value: str) -> str:
    return " ".join(raw_words(value.replace("_", " ").replace("-", " "))) or value


def _closest(values: list[str], heard: Heard) -> str | None:
    spoken = " ".join(heard.words)
    scored = [(SequenceMatcher(None, _as_said(value), part).ratio(), value) for value in values for part in (
        spoken, *heard.words)]  # fmt: skip
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= FUZZY_MATCH else None


def _numbers(field: Field, heard: Heard, asked: bool) -> list[JsonValue]:
    """Unasked, only a single number that is not part of a date, a time or a telephone number."""
    digits = spoken_digits(heard.words)
    if len(digits) > 1 and asked:
        return [int(digits), *find_numbers(heard.words)]
    numbers = find_numbers(heard.words)
    is_other = len(digits) >= 5 or find_time(heard.text, heard.words) or find_date(heard.text, heard.words, date.min)
    if asked or (len(numbers) == 1 and not is_other):
        decimal = re.search(r"-?\d+\.\d+", heard.text) if field.kind == "number" else None
        return [float(decimal.group())] if decimal else list(numbers)
    return []


def _strings(field: Field, heard: Heard, asked: bool) -> list[str | None]:
    label = f" {field.label} "
    form = field.schema.get("format")
    if form == "date-time":
        return [_date_time(heard)]
    if form == "date":
        return [_date(heard)]
    if form == "time":
        return [_time(heard, with_seconds=True)]
    if form == "email" or "email" in label or "e mail" in label:
        return [_email(heard.text)]
    if any(word in label for word in ("phone", "mobile", "telephone")):
        return [spoken_phone(heard)]
    if isinstance(form, str):
        return [heard.clean] if asked and form in ("uri", "uuid", "hostname") and " " not in heard.clean else []
    return _plain_strings(label, heard, asked)


def _plain_strings(label: str, heard: Heard, asked: bool) -> list[str | None]:
    answer = _answer(heard) if asked else None
    if " date " in label or " day " in label:
        return [_date(heard), spoken_when(heard), answer]
    if " time " in label:
        return [_time(heard, with_seconds=False), answer]
    if " when " in label:
        return [answer or spoken_when(heard)]
    if " name " in label:
        return [spoken_name(heard), answer]
    if asked:
        return [answer]
    if any(word in label for word in (" city ", " location ", " place ", " destination ")):
        return [_cued(_PLACE_CUE, heard)]
    if any(word in label for word in (" query ", " topic ", " question ", " subject ", " reason ", " purpose ")):
        return [_cued(_TOPIC_CUE, heard)]
    return []


def _answer(heard: Heard) -> str | None:
    return _LEAD_IN.sub("", heard.clean) or None


def _cued(cue: re.Pattern[str], heard: Heard) -> str | None:
    match = cue.search(heard.clean)
    said = match.group(1).strip() if match else ""
    is_when = _WHEN.search(said) or find_time(said, raw_words(said))
    return said if said and not is_when else None


def spoken_name(heard: Heard) -> str | None:
    """The name in "my name is …"."""
    match = _NAME.search(heard.clean)
    return (_NAME_END.sub("", match.group(1)).strip() or None) if match else None


def _date(heard: Heard) -> str | None:
    found = find_date(heard.text, heard.words, heard.today)
    return found.isoformat() if found else None


def _time(heard: Heard, *, with_seconds: bool) -> str | None:
    found = find_time(heard.text, heard.words)
    return found.isoformat("seconds" if with_seconds else "minutes") if found else None


def _date_time(heard: Heard) -> str | None:
    day, clock = _date(heard), _time(heard, with_seconds=True)
    return f"{day}T{clock}" if day and clock else None


def spoken_when(heard: Heard) -> str | None:
    """The caller's own words for a day, such as "next friday morning"."""
    match = _WHEN.search(heard.clean)
    return match.group(0) if match else None


def _email(text: str) -> str | None:
    if (written := _EMAIL.search(text)) is not None:
        return written.group(0)
    spoken = _SPOKEN_EMAIL.search(text.strip(" .!?"))
    return f"{spoken.group(1)}@{spoken.group(2).lower().replace(' dot ', '.')}" if spoken else None


def names_a_time(heard: Heard) -> bool:
    """True when the sentence says a day or a time of day."""
    return spoken_when(heard) is not None or find_time(heard.text, heard.words) is not None


def spoken_phone(heard: Heard) -> str | None:
    """A telephone number of six digits or more, written or said digit by digit."""
    written = re.search(r"\+?\d[\d ()-]{5,}\d", heard.text)
    if written is not None:
        return re.sub(r"[^\d+]", "", written.group(0))
    digits = spoken_digits(heard.words)
    return digits if len(digits) >= 6 else None


def _items(field: Field, heard: Heard, asked: bool) -> list[JsonValue] | None:
    items = field.schema["items"]
    values = enum_of(items) if isinstance(items, dict) else []
    if values:
        spoken = f" {' '.join(heard.words)} "
        said = [value for value in values if isinstance(value, str) and f" {_as_said(value)} " in spoken]
        return list(said) or None
    answer = _answer(heard) if asked else None
    return [part.strip() for part in re.split(r",| and ", answer) if part.strip()] if answer else None
