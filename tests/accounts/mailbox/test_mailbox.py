"""The demo's mailbox: shows what would have been sent, and nothing else of the machine."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection, send_mail
from django.urls import reverse
from django.utils import timezone

from accounts.mailbox.queries import newest_mail
from tests.accounts.conftest import browser

PAGE = "/mail/"
HONEST = b"Demo: mail doesn&#x27;t leave this machine"


@pytest.fixture
def folder(db, settings, tmp_path):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.EMAIL_FILE_PATH.mkdir()
    return settings.EMAIL_FILE_PATH


def send(
    subject="Hello",
    body="Click http://127.0.0.1:8000/invitations/abc:1:x-Y_z/ now",
    to="a@b.example",
):
    send_mail(subject, body, None, [to])


def test_mail_is_listed_newest_first_and_shown_with_its_links(folder):
    client = browser()
    page = client.get(PAGE)
    assert page.status_code == 200
    assert b"No mail yet" in page.content
    send("First")
    send("Second")
    page = client.get(PAGE)
    content = page.content.decode()
    assert "First" in content
    assert "Second" in content
    assert "leave this machine" in content
    mail = page.context["page"].items[0]
    shown = client.get(reverse("accounts:mail", args=[mail.name, mail.number]))
    assert shown.status_code == 200
    assert b'href="http://127.0.0.1:8000/invitations/abc:1:x-Y_z/"' in shown.content
    assert "no-store" in shown["Cache-Control"]


def test_outside_of_the_demo_there_is_nothing(folder, settings):
    send()
    [mail] = newest_mail()
    settings.DEMO = False
    assert browser().get(PAGE).status_code == 404
    assert browser().get(reverse("accounts:mail", args=[mail.name, 0])).status_code == 404


def test_several_messages_of_one_connection_are_told_apart(folder):
    connection = get_connection()
    connection.open()
    for number in range(3):
        message = EmailMultiAlternatives(f"Nr {number}", f"Text {number}", None, ["a@b.example"])
        message.attach_alternative("<b>html</b>", "text/html")
        connection.send_messages([message])
    connection.close()
    assert len(list(folder.iterdir())) == 1
    found = newest_mail()
    assert sorted(mail.subject for mail in found) == ["Nr 0", "Nr 1", "Nr 2"]
    assert sorted(mail.text.strip() for mail in found) == ["Text 0", "Text 1", "Text 2"]


def test_long_links_letters_and_markup_come_through(folder):
    link = "http://127.0.0.1:8000/x/" + "a" * 300 + "/"
    send("Grüße 漢字", f"Höflich <script>alert(1)</script>\n{link}\n{'-' * 60}\n")
    page = browser().get(PAGE)
    assert "Grüße 漢字" in page.content.decode()
    [mail] = page.context["page"].items
    shown = browser().get(reverse("accounts:mail", args=[mail.name, mail.number]))
    content = shown.content.decode()
    assert f'href="{link}"' in content
    assert "<script>alert" not in content
    assert "Höflich &lt;script&gt;" in content


@pytest.mark.parametrize(
    "path",
    [
        "/mail/../0/",
        "/mail/..%2F..%2Fmanage.py/0/",
        "/mail/%2e%2e%2fsecret/0/",
        "/mail/....//0/",
        "/mail/%00/0/",
        "/mail/20260101-000000-1%00/0/",
        "/mail/C:%5Cwindows/0/",
        "/mail/~root/0/",
        "/mail/20260101-000000-1/0/",
        "/mail/20260101-000000-1/99999999999999999999/",
        "/mail/20260101-000000-1/-1/",
        "/mail/٢٠٢٦٠١٠١-000000-1/0/",
        "/mail/" + "1" * 5_000 + "/0/",
    ],
)
def test_no_way_to_another_file(folder, path):
    (folder.parent / "secret.log").write_text("Subject: top secret\n\nno")
    answer = browser().get(path)
    assert answer.status_code == 404
    assert b"top secret" not in answer.content


def test_links_out_of_the_folder_are_not_followed(folder):
    secret = folder.parent / "secret"
    secret.write_text("Subject: top secret\n\nno")
    (folder / "20260101-000000-1.log").symlink_to(secret)
    (folder / "secret.log").write_text("Subject: top secret\n\nno")
    (folder / "20260101-000000-2.log").mkdir()
    assert newest_mail() == []
    for name in ("20260101-000000-1", "secret", "20260101-000000-2"):
        assert browser().get(reverse("accounts:mail", args=[name, 0])).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        b"\x00\xff\xfe",
        b"no headers at all",
        b"Subject: =?utf-8?q?=00?=\nDate: yesterday\n\nx",
        b"Subject: x\nDate: Mon, 99 Foo 2026 99:99:99 +9999\n\nx",
        b"Content-Type: text/plain; charset=klingon\n\nx",
        b"Content-Type: multipart/mixed; boundary=x\n\nnothing",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!",
        b"Subject: " + b"x" * 100_000 + b"\n\nx",
        b"From: <<<>>>\nTo: ,,,,\n\nx",
        b"-" * 79 + b"\n" + b"-" * 79 + b"\n",
    ],
)
def test_files_that_hold_something_else(folder, content):
    (folder / "20260101-000000-1.log").write_bytes(content)
    send("Fine")
    client = browser()
    page = client.get(PAGE)
    assert page.status_code == 200
    assert b"Fine" in page.content
    for number in range(3):
        answer = client.get(reverse("accounts:mail", args=["20260101-000000-1", number]))
        assert answer.status_code in {200, 404}


def test_a_file_that_is_far_too_large_is_left(folder):
    with (folder / "20260101-000000-1.log").open("wb") as file:
        file.truncate(50_000_000)
    assert newest_mail() == []


def test_no_folder_yet(folder):
    folder.rmdir()
    assert browser().get(PAGE).status_code == 200


def test_pages(folder):
    for number in range(3):
        send(f"Nr {number}")
    client = browser()
    assert len(client.get(PAGE, {"page": 2, "pageSize": 2}).context["page"].items) == 1
    assert client.get(PAGE, {"page": "x"}).status_code == 400
    assert timezone.now() - newest_mail()[0].sent_at < timedelta(minutes=1)
    assert client.post(PAGE).status_code == 405
