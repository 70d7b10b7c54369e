"""Mail by SMTP (RFC 5321), over the standard library's client in a thread.

`smtps://` speaks TLS from the first byte, `smtp://` insists on STARTTLS, because links in these mails let people in;
`smtp+plain://` does without, for a relay on the same machine.
"""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

from speko_core.errors import ConfigurationError
from speko_core.ports.mail import MailFailed, Message

TIMEOUT_S = 15.0
PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


class NoMail:
    """No mail server is configured."""

    works = False

    async def send(self, message: Message) -> None:
        """Refuse."""
        raise MailFailed("No mail server is configured.")


class SmtpMail:
    """One connection a message: these mails are rare."""

    works = True

    def __init__(self, url: str, sender: str) -> None:
        self._url, self._sender = _parsed(url), sender
        if not sender:
            raise ConfigurationError("SPEKO_SMTP_URL needs SPEKO_MAIL_FROM, the address mail comes from.")

    async def send(self, message: Message) -> None:
        """Hand one message over.

        Raises:
            MailFailed: the server cannot be reached in time, or refuses.
        """
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        # Out-of-office answers to these mails help nobody.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            await asyncio.to_thread(self._hand_over, mail)
        except (OSError, smtplib.SMTPException) as error:
            raise MailFailed(f"The mail server did not take the mail ({type(error).__name__}).") from None

    def _hand_over(self, mail: EmailMessage) -> None:
        with self._connected() as server:
            if self._url.scheme == "smtp":
                server.starttls(context=ssl.create_default_context())
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            server.send_message(mail)

    def _connected(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port or PORTS[self._url.scheme]
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError("SPEKO_SMTP_URL must read smtps://USER:PASSWORD@HOST:PORT, or smtp:// for STARTTLS.")
    return parts
