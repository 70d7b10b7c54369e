"""Mail to people as a port: short texts with a link in them."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """One plain-text mail to one person."""

    to: str
    subject: str
    text: str


class MailFailed(Exception):
    """The mail was not handed over. The text is ours and names nobody."""


class Mail(Protocol):
    """Where mail is handed over."""

    @property
    def works(self) -> bool:
        """False where no mail server is configured: pages then say how to get on without mail."""
        ...

    async def send(self, message: Message) -> None:
        """Hand one message over; the server delivers it.

        Raises:
            MailFailed: there is no server, it cannot be reached in time, or it refuses.
        """
        ...
