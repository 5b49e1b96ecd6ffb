"""P-1, A-4: the page about selling, the application, and where it stands."""

import re

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import User, Workspace
from cursive.lib.tenancy import system_context
from cursive.lib.ui import navigation
from partners.program.models import Partner
from tests import cast, market
from tests.credits.books import at_once

JOIN = "/partner/join/"
SAID = {
    "company": "Lists & Co",
    "website": "lists.example",
    "sources": "Trade fairs that we run.",
    "consent": "They tick a box, and we keep when.",
    "tax_country": "DE",
}


def browser(user) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.fixture
def alice(db) -> Client:
    """Acme's owner; Acme doesn't sell."""
    _, owner = cast.acme()
    return browser(owner)


def partners() -> list[Partner]:
    with system_context():
        return list(Partner.objects.select_related("workspace"))


def page(client, path=JOIN, **options) -> str:
    response = client.get(path, **options)
    assert response.status_code == 200
    html = response.content.decode()
    assert "{{" not in html and "{%" not in html
    return html


def set_status(status: str, reason: str = "") -> None:
    with system_context():
        Partner.objects.update(status=status, status_reason=reason)


def test_everybody_reads_what_partners_earn(db):
    html = page(Client())
    for said in ("up to 50%", "30% of your price", "10 more while", "95%", "10,000 leads"):
        assert said in html
    assert f"/accounts/signup/?next={JOIN}" in html and f"/accounts/login/?next={JOIN}" in html


def test_somebody_without_account_signs_up_makes_a_workspace_and_applies(db):
    client = Client()
    values = {"email": "new@cast.example", "password1": cast.PASSWORD, "next": JOIN}
    assert client.post("/accounts/signup/", values).status_code == 302
    link = re.search(r"http://\S+(/accounts/confirm-email/\S+)", mail.outbox[-1].body)
    confirmed = client.post(link.group(1))
    assert (confirmed.status_code, confirmed.url) == (302, JOIN)
    html = page(client)
    make = f"/workspaces/new/?next={JOIN}"
    make = re.search(r'href="([^"]*\?next=/partner/join/)">Make your workspace', html).group(1)
    made = client.post(make, {"name": "Lists & Co", "time_zone": "UTC", "country": "DE"})
    assert (made.status_code, made.url) == (302, JOIN)
    html = page(client)
    assert 'value="Lists &amp; Co"' in html and '<option value="DE" selected' in html
    assert client.post(JOIN, SAID, follow=True).status_code == 200
    (partner,) = partners()
    assert (partner.status, partner.workspace.name) == ("applied", "Lists & Co")
    assert partner.website == "https://lists.example"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_a_new_workspace_leads_on_to_pages_of_ours_only(db, wanted):
    client = browser(cast.user("Zoe"))
    values = {"name": "Zoe's", "time_zone": "UTC", "country": "US"}
    response = client.post(f"/workspaces/new/?next={wanted}", values)
    if response.status_code == 404:
        pytest.fail("the address of a new workspace has changed")
    assert (response.status_code, response.url) == (302, "/dashboard/")


def test_an_application_waits_and_is_audited(alice):
    assert "Apply for Acme" in page(alice)
    response = alice.post(JOIN, SAID, follow=True)
    html = response.content.decode()
    assert (
        "Your application is with us" in html
        and "<form" not in html.split("<main")[1].split("</main>")[0]
    )
    with system_context():
        entry = AuditEntry.objects.get(resource="partner")
    assert (entry.action, entry.new["status"]) == ("create", "applied")
    # Sent once more it stays as it is.
    alice.post(JOIN, SAID | {"company": "Another"})
    assert [one.company for one in partners()] == ["Lists & Co"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("company", "", "required"),
        ("company", "x" * 121, "at most 120"),
        ("sources", " ", "required"),
        ("consent", "x" * 4_001, "at most 4000"),
        ("website", "no address", "valid URL"),
        ("tax_country", "XX", "valid choice"),
        ("sources", "a\u0000b", "characters"),
    ],
)
def test_a_form_with_a_mistake_keeps_what_was_typed(alice, field, value, said):
    response = alice.post(JOIN, SAID | {field: value})
    html = response.content.decode()
    assert response.status_code == 400 and partners() == []
    assert said.lower() in html.lower()
    if field != "consent":
        assert "They tick a box" in html


def test_a_refused_application_says_why_and_can_be_made_again(alice):
    alice.post(JOIN, SAID)
    set_status("rejected", "Say more about consent.")
    html = page(alice)
    assert "Say more about consent." in html and "Apply again" in html
    assert "Trade fairs that we run." in html
    alice.post(JOIN, SAID | {"consent": "They sign for it."})
    (again,) = partners()
    assert (again.status, again.status_reason, again.consent) == (
        "applied",
        "",
        "They sign for it.",
    )


@pytest.mark.parametrize(("status", "said"), [("approved", "You are a partner"), ("suspended", "")])
def test_a_partner_cannot_apply_again(alice, status, said):
    alice.post(JOIN, SAID)
    set_status(status, "Complaints")
    before = partners()[0].applied_at
    assert (said or "Complaints") in page(alice)
    assert alice.post(JOIN, SAID).status_code == 400
    assert (partners()[0].status, partners()[0].applied_at) == (status, before)


def test_members_and_strangers_cannot_apply(db):
    owner, bob = cast.user("Alice"), cast.user("Bob")
    cast.workspace("Acme", owner=owner, member=bob)
    member = browser(bob)
    assert "Owners and admins of Acme can apply" in page(member)
    assert member.post(JOIN, SAID).status_code == 403
    refused = Client().post(JOIN, SAID)
    assert (refused.status_code, refused.url) == (302, f"/accounts/login/?next={JOIN}")
    nobody = browser(cast.user("Zoe"))
    assert "/workspaces/new/" in nobody.post(JOIN, SAID).url or nobody.post(JOIN, SAID).url
    assert partners() == []


def test_applied_in_two_tabs_at_once_it_is_one_application(alice):
    def work(_: int) -> int:
        with system_context():
            owner = User.objects.get(email="alice@cast.example")
        return browser(owner).post(JOIN, SAID).status_code

    assert at_once(3, work) == [302, 302, 302]
    assert len(partners()) == 1


def test_applications_are_limited(alice):
    for _ in range(5):
        alice.post(JOIN, SAID)
        set_status("rejected")
    response = alice.post(JOIN, SAID)
    assert "five times today" in response.content.decode()
    assert partners()[0].status == "rejected"


# ---- The portal's navigation ------------------------------------------------------------------


def links(html: str) -> list[str]:
    return re.findall(r'class="nav-item-link" href="(/partner/[^"]*)"', html)


def test_only_partners_see_the_portal_and_everybody_else_a_quiet_link(db):
    petras, petra = market.partner()
    _, owner = cast.acme()
    theirs, others = page(browser(petra), "/dashboard/"), page(browser(owner), "/dashboard/")
    assert "/partner/" in links(theirs) and "/partner/earnings/" in links(theirs)
    assert 'data-href="/partner/join/"' not in theirs
    assert links(others) == [] and 'data-href="/partner/join/"' in others
    set_status("suspended")
    assert "/partner/" in links(page(browser(petra), "/dashboard/"))
    set_status("applied")
    assert links(page(browser(petra), "/dashboard/")) == []
    del petras


def test_every_entry_of_the_portal_is_hidden_from_others():
    class Request:
        membership = None

    entries = [one for one in navigation.registered() if one.section == "partner"]
    assert entries and all(one.shown and not one.shown(Request()) for one in entries)


def test_the_navigation_asks_no_query_of_its_own(db):
    """Whether the workspace sells comes with the memberships."""
    _, petra = market.partner()
    _, owner = cast.acme()
    counted = []
    for client in (browser(petra), browser(owner)):
        client.get("/settings/people/")
        with CaptureQueriesContext(connections["admin"]) as system:
            client.get("/settings/people/")
        counted.append([one["sql"] for one in system if "partners_partner" in one["sql"]])
    for asked in counted:
        assert len(asked) == 1 and "accounts_membership" in asked[0]


def test_a_workspace_knows_itself_only(db):
    """The fact is of each workspace, not of the person."""
    petras, petra = market.partner()
    cast.workspace("Another", owner=petra)
    client = browser(petra)
    session = client.session
    with system_context():
        session["workspace"] = str(Workspace.objects.get(name="Another").id)
    session.save()
    assert links(page(client, "/dashboard/")) == []
    session["workspace"] = str(petras.id)
    session.save()
    assert links(page(client, "/dashboard/")) != []
