"""Reading the mail that the demo wrote into files instead of sending it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

from cursive.lib.errors import NotFound

# How Django's file backend calls its files and parts the messages in one.
FILE_NAME = re.compile(r"\d{8}-\d{6}-\d{1,20}")
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
NEWEST_FILES = 200
LARGEST_FILE = 5_000_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. `name` and `number` (from 0) say where it is."""

    name: str
    number: int
    subject: str
    sender: str
    to: str
    sent_at: datetime
    text: str


def newest_mail() -> list[Mail]:
    """The newest messages first, out of the newest 200 files; files that can't be read are left."""
    found = [mail for path in _files() for mail in _messages(path)]
    return sorted(found, key=lambda mail: (mail.sent_at, mail.name, mail.number), reverse=True)


def mail_of(name: str, number: int) -> Mail:
    """One message. Raises `NotFound`, also for names that Django's backend wouldn't write."""
    path = _folder() / f"{name}.log"
    # The name is nothing but digits and dashes, and a link could still lead elsewhere.
    if FILE_NAME.fullmatch(name) and path.is_file() and not path.is_symlink():
        for mail in _messages(path):
            if mail.number == number:
                return mail
    raise NotFound("There is no such message.")


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _files() -> list[Path]:
    folder = _folder()
    if not folder.is_dir():
        return []
    files = [
        path
        for path in folder.glob("*.log")
        if FILE_NAME.fullmatch(path.stem) and path.is_file() and not path.is_symlink()
    ]
    return sorted(files, key=lambda path: path.stem, reverse=True)[:NEWEST_FILES]


def _messages(path: Path) -> Iterator[Mail]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            return
        content = path.read_bytes()
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return
    for number, raw in enumerate(content.split(SEPARATOR)):
        if raw.strip():
            try:
                yield _read(path.stem, number, raw.lstrip(b"\n"), written)
            except (MessageError, ValueError, LookupError, TypeError):
                continue


def _read(name: str, number: int, raw: bytes, written: datetime) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    date = message["date"]
    sent_at = getattr(date, "datetime", None) or written
    return Mail(
        name=name,
        number=number,
        subject=str(message["subject"] or "(no subject)"),
        sender=str(message["from"] or ""),
        to=str(message["to"] or ""),
        sent_at=sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC),
        text=_text(message),
    )


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    return str(part.get_content()) if part is not None else "(This message has no text part.)"
