"""Requests and answers about the do-not-call list."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from speko_core.do_not_call.models import NOTE_LENGTH
from speko_core.schemas import Input, Output, WireTime

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")


def e164(number: str) -> str:
    """The number itself.

    Raises:
        ValueError: it is not in E.164 form; the text does not repeat it.
    """
    if not _E164.fullmatch(number):
        raise ValueError("must be in E.164 form, such as +14155550123 (in a URL the + is written %2B)")
    return number


PhoneNumber = Annotated[str, AfterValidator(e164)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_LENGTH)]


class DoNotCallAdd(Input):
    """A number that must never be dialled."""

    number: PhoneNumber = Field(description="The number in E.164 form: +, country code, the rest, digits only.")
    note: Note | None = Field(None, description="Why it is here, for people; up to 500 characters.")


class DoNotCallList(Input):
    """A page of the list, newest first."""

    cursor: str | None = Field(None, max_length=200, description="`nextCursor` of the previous page.")
    limit: int = Field(20, ge=1, le=100)
    number: PhoneNumber | None = Field(None, description="Only this number, in E.164 form.")


class DoNotCallRef(Input):
    """Names one entry."""

    id: str = Field(description="Entry id, prefixed `dnc_`.", max_length=80)


class DoNotCallRow(Output):
    """An entry of the do-not-call list."""

    id: str = Field(description="Entry id, prefixed `dnc_`.")
    number: str
    note: str | None
    created_at: WireTime


class DoNotCallPage(Output):
    """Newest first; `nextCursor` is null on the last page."""

    entries: list[DoNotCallRow]
    next_cursor: str | None
