"""Words as `sandbox-1` compares them: lower case, without filler, stems and near-synonyms made one."""

import re

_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MONEY = re.compile(r"[$€£]\s?\d|\b(?:dollars?|euros?|pounds?|usd|eur|gbp)\b", re.IGNORECASE)

_FILLER = (
    "a an the i i'm i'd i'll im me my we our us you your it it's its is are am be been was were do does did to of for "
    "at in on by with and or that this these those there here can could would will should may might like want need "
    "please have has had what when which who how if so then some any just now up about as from not no yes okay ok "
    "let tell give thing things much many"
)
STOP_WORDS = frozenset(_FILLER.split())
_SYNONYMS = {
    "book": "book booking bookings booked reserve reservation schedule scheduled arrange",
    "cancel": "cancel cancels cancelled canceled cancellation",
    "change": "change changes changed move reschedule update modify edit",
    "check": "check look lookup find search get fetch show list see view query",
    "make": "make create add new set open_new place submit",
    "transfer": "transfer human person agent operator someone representative escalate handoff",
    "end": "goodbye bye hangup hang_up end",
    "visit": "appointment appointments visit visits meeting meetings slot slots",
    "hours": "hours hour open opening opens close closes closing closed",
    "place": "location located locations address street avenue road directions",
    "price": "price prices cost costs fee fees charge charges pricing",
    "phone": "phone telephone number mobile",
    "order": "order orders ordered purchase buy",
}
CANONICAL = {word: name for name, words in _SYNONYMS.items() for word in words.split()}
STRONG_VERBS = frozenset({"book", "cancel", "change", "transfer", "end"})
WEAK_VERBS = frozenset({"check", "make"})
MUTATING = STRONG_VERBS - {"end", "transfer"} | {"make", "order", "send", "delete", "remove", "pay", "refund"}


def tokens(text: str) -> tuple[str, ...]:
    """The telling words of a text, in order."""
    return tuple(_canonical(word) for word in raw_words(text) if word not in STOP_WORDS)


def raw_words(text: str) -> tuple[str, ...]:
    """All words of a text in lower case, without punctuation."""
    return tuple(_TOKEN.findall(text.lower().replace("’", "'")))


def name_tokens(name: str) -> tuple[str, ...]:
    """The telling words of an identifier such as `bookAppointment` or `book_appointment`."""
    return tokens(spaced(name))


def spaced(name: str) -> str:
    """An identifier as words: `bookAppointment` is "book appointment"."""
    return " ".join(_CAMEL.sub(" ", name).replace("_", " ").replace("-", " ").lower().split())


def fact_tokens(sentence: str) -> frozenset[str]:
    """The telling words of a fact; an amount of money also counts as the word price."""
    found = set(tokens(sentence))
    if _MONEY.search(sentence):
        found.add("price")
    return frozenset(found)


def question_tokens(text: str) -> tuple[str, ...]:
    """The telling words of a question; "where" asks for the place and "how much" for the price."""
    spoken = " ".join(raw_words(text))
    extra = [name for cue, name in (("where", "place"), ("how much", "price")) if cue in spoken]
    return (*tokens(text), *extra)


def _canonical(word: str) -> str:
    if word in CANONICAL:
        return CANONICAL[word]
    for ending in ("ing", "ed", "ies", "es", "s"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 4:
            return CANONICAL.get(stem, stem)
    return word
