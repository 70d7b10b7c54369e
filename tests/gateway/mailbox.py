"""Mail in memory: what was sent, and the links in it."""

import re
from dataclasses import dataclass, field

from speko_core.ports.mail import Message

LINK = re.compile(r"https?://[^/\s]+(/\S+)")


@dataclass
class Mailbox:
    """Takes every mail."""

    works: bool = True
    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        """Keep the mail."""
        self.sent.append(message)

    def link(self) -> str:
        """The path of the link in the newest mail."""
        found = LINK.search(self.sent[-1].text)
        assert found, self.sent[-1].text
        return found[1]
