"""Appointments without a tool: hear the wish, read it back, and say plainly that nothing was booked."""

from dataclasses import dataclass, replace
from typing import Literal

from speko_core.providers.sandbox.actions import Say
from speko_core.providers.sandbox.extraction import Heard, names_a_time
from speko_core.providers.sandbox.text import yes_or_no
from speko_core.providers.sandbox.words import tokens


@dataclass(frozen=True)
class Note:
    """An appointment somebody wants booked or changed, as far as we have heard it."""

    deed: Literal["booked", "changed"]
    when: str | None = None

    @property
    def question(self) -> str:
        """What the note is waiting for."""
        return f"I heard {self.when}. Is that correct?" if self.when else "What day and time would you like?"


def note_for(text: str) -> Note | None:
    """A new note when the caller wants a visit booked or changed, with the time if it was said."""
    said = set(tokens(text))
    if "visit" not in said and not {"book", "change"} <= said:
        return None
    if "change" in said:
        return Note("changed")
    return Note("booked") if said & {"book", "make"} else None


def wants_cancellation(text: str) -> bool:
    """True for "I want to cancel my appointment"."""
    return {"cancel", "visit"} <= set(tokens(text))


def take_note(note: Note, heard: Heard) -> tuple[Note | None, Say | None]:
    """The note after a sentence (None: closed), and what to say; nothing when it was no answer."""
    if names_a_time(heard):
        noted = replace(note, when=heard.clean)
        return noted, Say(noted.question)
    consent = yes_or_no(heard.text)
    if consent is False:
        return None, Say("All right, I have left that. What else can I do?")
    if consent and note.when:
        return None, Say(f"Thank you. Nothing was {note.deed}: this agent has no tool for it yet.")
    return note, None
