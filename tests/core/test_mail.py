"""Mail by SMTP against a server of ours that takes what it is given, or does not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from speko_core.adapters.smtp_mail import NoMail, SmtpMail
from speko_core.deps import build_deps
from speko_core.errors import ConfigurationError
from speko_core.ports.mail import MailFailed, Message
from speko_core.settings import Settings

SENDER = "speko@example.com"
MESSAGE = Message("person@example.com", "A new password", "Open https://voice.example/x?token=abc\nGrüße.\n")


@dataclass
class MailServer:
    """Speaks just enough of RFC 5321; without STARTTLS. `refusing` answers every recipient with 550."""

    refusing: bool = False
    port: int = 0
    received: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self.received.append(await reader.readuntil(b"\r\n.\r\n"))
            refused = verb == b"RCPT" and self.refusing
            writer.write(b"550 no\r\n" if refused else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                break
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A running mail server."""
    mail = MailServer()
    listening = await asyncio.start_server(mail.serve, "127.0.0.1", 0)
    mail.port = listening.sockets[0].getsockname()[1]
    yield mail
    listening.close()
    await listening.wait_closed()


async def test_a_mail_arrives_with_its_link_in_one_piece(server: MailServer) -> None:
    """ORG-5"""
    await SmtpMail(f"smtp+plain://127.0.0.1:{server.port}", SENDER).send(MESSAGE)
    (mail,) = server.received
    assert b"To: person@example.com" in mail
    assert b"Subject: A new password" in mail
    assert b"https://voice.example/x?token=abc" in mail or b"https://voice.example/x?token=3Dabc" in mail


async def test_mail_that_a_server_refuses_or_would_carry_in_the_clear_fails(server: MailServer) -> None:
    """ORG-5: links let people in, so `smtp://` does without a server that offers no STARTTLS."""
    with pytest.raises(MailFailed, match="did not take the mail"):
        await SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER).send(MESSAGE)
    server.refusing = True
    with pytest.raises(MailFailed, match="SMTPRecipientsRefused"):
        await SmtpMail(f"smtp+plain://127.0.0.1:{server.port}", SENDER).send(MESSAGE)
    with pytest.raises(MailFailed):
        await NoMail().send(MESSAGE)
    assert server.received == []


@pytest.mark.parametrize("url", ["mail.example.com", "https://mail.example.com", "smtp://", "smtp://host:port"])
def test_a_wrong_mail_server_is_said_at_the_start(url: str) -> None:
    """OPS-5: with the variable's name, and never with the password in it."""
    with pytest.raises(ConfigurationError, match="SPEKO_SMTP_URL must read"):
        SmtpMail(url, SENDER)
    with pytest.raises(ConfigurationError, match="SPEKO_MAIL_FROM"):
        SmtpMail("smtps://mail.example.com", "")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_open_sign_up_needs_mail(settings: Settings) -> None:
    """ORG-5: an address that nobody proved must not make an account."""
    with pytest.raises(ConfigurationError, match="SPEKO_SIGN_UP=open needs SPEKO_SMTP_URL"):
        build_deps(settings.model_copy(update={"sign_up": "open"}))
