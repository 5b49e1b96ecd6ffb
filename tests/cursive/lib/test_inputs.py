"""X-5: what can't be read is refused in one place, with a 400, on every page and in admin."""

import pytest
from django.test import Client

from accounts.workspaces.models import Workspace
from cursive.lib.tenancy import system_context
from cursive.lib.texts import is_fit, read_text
from tests import cast


@pytest.fixture
def alice(db):
    _, user = cast.acme()
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("query", ["q=%00", "%00=1", "f=a%00b", "q=%ff", "status=%C3%28"])
@pytest.mark.parametrize(
    "path", ["/leads/", "/leads/deleted/", "/segments/", "/segments/new/", "/jobs/", "/credits/"]
)
def test_a_query_string_that_cannot_be_read(alice, path, query):
    answer = alice.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert b"can&#x27;t be read" in answer.content or b"can't be read" in answer.content


def test_the_api_says_so_as_a_problem(alice):
    answer = alice.get("/api/leads?sort=%00")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert "sort" in answer.json()["errors"]


@pytest.mark.parametrize(
    "query", ["severity__exact=%00", "state=%00", "ip=zz", "ip=%00", "ip__startswith=zz", "q=%00"]
)
def test_filters_of_admin(db, settings, query):
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    answer = client.get(f"/admin/accounts/auditentry/?{query}")
    assert answer.status_code == 400
    assert client.get("/admin/accounts/auditentry/?ip=127.0.0.1").status_code == 200


def test_a_form_that_is_not_utf8_is_refused_and_stores_nothing(alice):
    for body in (b"name=Acme%FF&time_zone=UTC&country=US", b"name=Acme\xff"):
        answer = alice.post("/settings/", body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400
    with system_context():
        assert Workspace.objects.get().name == "Acme"


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\x07", "\x7f", "\x85", "\ufffd", "\ud800"])
def test_what_nobody_means_to_write(mark):
    assert not is_fit(f"a{mark}b") and not is_fit(f"a{mark}b", lines=True)


def test_what_people_write():
    for text in ("Zoë", "שלום", "你好", "a 🙂", "100 % – “so”", "a\u200db"):
        assert is_fit(text)
    assert is_fit("two\nlines\tand a tab", lines=True) and not is_fit("two\nlines")
    assert read_text(" a\r\nb ", field="notes", longest=10, lines=True) == "a\r\nb"


@pytest.mark.parametrize("text", ["turned \u202e round", "bell \x07"])
def test_names_of_workspaces_and_keys(alice, text):
    sent = {"name": text, "time_zone": "UTC", "country": "US", "low_credit_threshold": 5}
    assert alice.post("/settings/", sent).status_code == 400
    answer = alice.post("/settings/keys/", {"name": text, "scopes": ["read"]})
    assert answer.status_code == 400
    with system_context():
        assert Workspace.objects.get().name == "Acme"


@pytest.mark.parametrize("digits", ["٣", "３", "²"])
def test_numbers_are_written_with_our_digits(alice, digits):
    sent = {"name": "Acme", "time_zone": "UTC", "country": "US", "low_credit_threshold": digits}
    assert alice.post("/settings/", sent).status_code == 400
