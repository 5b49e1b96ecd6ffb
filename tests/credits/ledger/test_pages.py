"""The credits page, the balance widget, the history and its CSV."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import User, Workspace
from credits.ledger.export import EXPORTS_A_DAY
from credits.ledger.models import Entry
from credits.ledger.operations import take_back
from credits.ledger.queries import balance_of, burn_rate
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import system_context, tenant_context
from tests.credits.books import SYSTEM, superuser


@pytest.fixture
def alice(books) -> Client:
    """Acme's owner in a browser."""
    client = Client()
    with system_context():
        client.force_login(User.objects.get(email="alice@cast.example"))
    return client


def set_times(entries: list[Entry], times: list[datetime]) -> None:
    with superuser() as connection:
        for entry, moment in zip(entries, times, strict=True):
            connection.execute(
                "UPDATE credits_entry SET created_at = %s WHERE id = %s", [moment, entry.id]
            )


def page(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(f"/credits/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_account_says_what_to_do(books, alice):
    html = page(alice)
    assert "No credits yet" in html and 'href="/credits/buy/"' in html
    for package, price in (("Starter", "$49"), ("Growth", "$199"), ("Enterprise", "$1,499")):
        assert package in html and price in html
    assert "save 19%" in html and "Popular" in html


def test_it_shows_balance_held_credits_and_history(books, alice):
    books.grant("1240.50", metadata={"reason": "Welcome & <b>hello</b>", "staff": True})
    with tenant_context(books.workspace.id):
        job = Job.objects.create(workspace=books.workspace, kind="pull", title="Pull 80 leads")
    held = books.hold(40, reference=("job", job.id))
    books.capture(held, "12.50")
    html = page(alice)
    assert "1,200.50" in html and "27.50 more are held" in html
    assert "27.50 of 40.00" in html
    assert "Lead from the database" in html and f"/jobs/{job.id}/" in html
    assert "Pull 80 leads" in html
    assert "+1,240.50" in html and "−12.50" in html and "1,228.00" in html
    assert "Welcome &amp; &lt;b&gt;hello" in html and "Credits granted" in html


def test_another_workspaces_changes_are_not_shown(books, others, alice):
    others.grant(777)
    assert "777.00" not in page(alice)


def test_who_is_not_signed_in_is_sent_to_sign_in(books):
    for path in ("/credits/", "/credits/balance/"):
        response = Client().get(path)
        assert response.status_code == 302 and "/accounts/login/" in response["Location"]
    assert Client().post("/credits/export/").status_code == 302


def test_the_history_is_filtered_by_action_and_days(books, alice):
    entries = [
        books.grant(100),
        books.spend(1, action="pull"),
        books.spend(2, action="analysis_deep"),
    ]
    set_times(entries, [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 2, 3)])
    only = page(alice, "?action=analysis_deep")
    assert "−2.00" in only and "−1.00" not in only and "+100.00" not in only
    days = page(alice, "?from=2026-03-02&to=2026-03-02")
    assert "−1.00" in days and "−2.00" not in days and "+100.00" not in days
    assert "Nothing like that" in page(alice, "?from=2026-03-04")
    assert "Nothing like that" in page(alice, "?action=never-heard-of")


def test_days_are_days_of_the_workspaces_time_zone(books, alice):
    with system_context():
        Workspace.objects.update(time_zone="America/Los_Angeles")
    set_times([books.grant(5)], [datetime(2026, 3, 2, 5, tzinfo=UTC)])  # March 1, 21:00 there
    assert "+5.00" in page(alice, "?from=2026-03-01&to=2026-03-01")
    assert "+5.00" not in page(alice, "?from=2026-03-02")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?from=yesterday", "Use a day such as"),
        ("?to=9999-12-31", "from the year 2000 on"),
        ("?from=0001-01-01", "from the year 2000 on"),
        ("?from=2026-02-02&to=2026-02-01", "before the first one"),
        ("?action=" + "x" * 50, "at most 40"),
    ],
)
def test_days_that_are_none_are_told(books, alice, query, sentence):
    """X-5."""
    books.grant(5)
    html = page(alice, query)
    assert sentence in html and "+5.00" not in html


def test_a_cursor_of_nobody_is_refused(books, alice):
    assert alice.get("/credits/?cursor=x").status_code == 400


def test_pages_of_the_history_keep_the_filter(books, alice):
    books.grant(100)
    for _ in range(30):
        books.spend(1)
    books.spend(1, action="analysis_deep")
    first = page(alice, "?action=pull", **{"HX-Request": "true"})
    assert "<html" not in first and first.count("−1.00") == 25
    links = [part.split('"')[0] for part in first.split('href="?')[1:]]
    onward = next(link for link in links if "cursor=" in link).replace("&amp;", "&")
    assert "action=pull" in onward
    second = page(alice, f"?{onward}", **{"HX-Request": "true"})
    assert second.count("−1.00") == 5


def test_the_page_asks_the_database_a_bounded_number_of_times(books, alice):
    """However many changes, kinds and holds there are."""
    books.grant(1000)
    counts = []
    for round in range(2):
        for number in range(12):
            with tenant_context(books.workspace.id):
                job = Job.objects.create(
                    workspace=books.workspace, kind="pull", title=f"Pull {round} {number}"
                )
            books.spend(1, action=f"action_{round}_{number}", reference=("job", job.id))
            books.hold(1, reference=("job", job.id))
        with CaptureQueriesContext(connections["default"]) as asked:
            page(alice)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 22, counts


def test_the_burn_rate_counts_spends_less_refunds(books, alice):
    entries = [books.grant(100), books.spend(40), books.spend(20)]
    entries.append(books.refund(entries[2], 10))
    now = datetime.now(UTC)
    set_times(entries, [now - timedelta(days=days) for days in (40, 35, 10, 9)])
    html = page(alice)
    assert "Spent in the last 30 days" in html and "0.33 a day" in html
    left = now + timedelta(days=int(50 * 30 / 10))
    assert f"{left:%b}" in html and f"{left:%Y}" in html


def test_what_goes_back_with_its_money_is_no_spending(books, alice):
    entries = [books.grant(100), books.spend(10)]
    with tenant_context(books.workspace.id):
        taken = take_back(
            workspace_id=books.workspace.id,
            up_to=60,
            reference=("purchase", "1"),
            key="refund",
            actor=SYSTEM,
        )
    assert taken is not None
    entries += [taken, books.spend(20, action="adjustment")]
    now = datetime.now(UTC)
    set_times(entries, [now - timedelta(days=days) for days in (40, 10, 9, 8)])
    with tenant_context(books.workspace.id):
        burn = burn_rate(books.workspace.id, balance_of(books.workspace.id), UTC)
    assert (burn.spent, burn.days) == (10, 30)
    assert "0.33 a day" in page(alice)


def test_a_young_account_gets_no_date_of_depletion(books, alice):
    books.grant(100)
    books.spend(90)
    assert "Too early to say" in page(alice)


# ---- The widget -------------------------------------------------------------------------------


def test_the_widget_is_on_every_page_and_refreshes_itself(books, alice):
    books.grant(50)
    html = page(alice)
    assert 'id="balance"' in html
    assert 'hx-trigger="every 30s, balance-changed from:body' in html
    fragment = alice.get("/credits/balance/", headers={"HX-Request": "true"})
    assert fragment["Cache-Control"] == "no-store"
    text = fragment.content.decode()
    assert ">50<" in text and "<html" not in text and "pill-warning" not in text


def test_it_is_amber_under_the_threshold_and_says_so(books, alice):
    books.grant(10)
    assert "running low" not in alice.get("/credits/balance/").content.decode()
    books.spend("0.01")
    text = alice.get("/credits/balance/").content.decode()
    assert "9.99" in text and "pill-warning" in text and "running low" in text
    card = alice.get("/credits/balance/?variant=card").content.decode()
    assert "9.99" in card and "Under your threshold of 10" in card


# ---- CSV --------------------------------------------------------------------------------------


def export(client: Client, **choice: str) -> list[list[str]]:
    response = client.post("/credits/export/", choice)
    assert response.status_code == 200 and response.streaming
    assert response["Content-Type"].startswith("text/csv")
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_csv_holds_what_was_chosen_and_no_formula(books, alice, monkeypatch):
    monkeypatch.setattr("credits.ledger.export.BATCH", 3)
    books.grant(100, metadata={"reason": '=HYPERLINK("http://evil")'})
    for _ in range(7):
        books.spend("1.25", reference=("test", "@1"))
    rows = export(alice)
    assert rows[0][:6] == ["When", "What", "Details", "Credits", "Balance after", "Who"]
    assert len(rows) == 9
    assert rows[1][3:5] == ["-1.25", "91.25"] and rows[1][8] == "'@1"
    assert rows[8][2] == '\'=HYPERLINK("http://evil")' and rows[8][3] == "100.00"
    after = ["91.25", "92.50", "93.75", "95.00", "96.25", "97.50", "98.75", "100.00"]
    assert [row[4] for row in rows[1:]] == after
    assert len(export(alice, action="grant")) == 2
    with system_context():
        noted = AuditEntry.objects.filter(action="export", resource="credits")
        assert [one.new["action"] for one in noted.order_by("id")] == ["", "grant"]


def test_the_csv_of_wrong_days_is_refused(books, alice):
    assert alice.post("/credits/export/", {"from": "x"}).status_code == 400
    assert alice.get("/credits/export/").status_code == 405
    with system_context():
        assert not AuditEntry.objects.filter(action="export").exists()


def test_exports_are_limited_a_day(books, alice, monkeypatch):
    assert EXPORTS_A_DAY.rate == "10/day"
    monkeypatch.setattr("credits.ledger.export.EXPORTS_A_DAY", replace(EXPORTS_A_DAY, rate="1/day"))
    books.grant(1)
    export(alice)
    refused = alice.post("/credits/export/")
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0


def test_another_workspaces_history_is_not_in_the_csv(books, others, alice):
    others.grant(777)
    assert len(export(alice)) == 1
