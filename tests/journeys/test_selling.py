"""A partner's file from the application to the money (P-1 to P-7), and a buyer (M-2 to M-5)."""

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.foreign import DATA, needs_foreign_files
from tests.journeys.browser import Visitor
from tests.journeys.live import Live

PETRA, BEN, SAM = ("petra@selling.example", "ben@selling.example", "sam@selling.example")
PASSWORD = "from the fair to the bank"
LISTS, BUYERS = "Fair Lists", "Buyers Inc"
MAKE = """
from tests.journeys.people import member, staff
member({petra!r}, {password!r}, workspace={lists!r})
member({ben!r}, {password!r}, workspace={buyers!r}, credits=700)
staff({sam!r}, {password!r})
"""
# As if so many days had passed since the sales.
PASS = """
from datetime import timedelta
from django.db.models import F
from cursive.lib.tenancy import system_context
from partners.commission.models import SoldLead
from partners.commission.operations import mature_commissions
with system_context():
    SoldLead.objects.filter(workspace__name={lists!r}).update(
        sold_at=F("sold_at") - timedelta(days={days}), due_at=F("due_at") - timedelta(days={days})
    )
mature_commissions()
"""
CHECK = """
from django.core.management import call_command
call_command("check_ledger")
call_command("check_partner_ledger")
"""
US_500 = DATA / "contacts" / "us-500"
APPROVED, BOUGHT = 90, 60
pytestmark = [pytest.mark.journey, needs_foreign_files]


def test_from_the_application_to_the_payout(
    asking_live: Live, browser, shots: Path | None, tmp_path: Path
) -> None:
    live = asking_live
    values = {"petra": PETRA, "ben": BEN, "sam": SAM, "password": PASSWORD}
    live.make(MAKE, **values, lists=LISTS, buyers=BUYERS)
    petra, ben, sam = (Visitor(browser, live.url, shots) for _ in range(3))
    for visitor, email in ((petra, PETRA), (ben, BEN), (sam, SAM)):
        visitor.sign_in(email, PASSWORD)
    _apply(petra)
    _approve_partner(sam)
    _hand_in(petra, tmp_path)
    _approve_part(sam)
    order = _buy(ben)
    _see_the_sale(petra, "Held")
    live.make(PASS, lists=LISTS, days=15)
    _see_the_sale(petra, "Due")
    _pay(sam)
    _see_the_sale(petra, "Paid")
    petra.goto("/partner/payouts/")
    petra.look("partner-payouts")
    assert order == BOUGHT
    live.make(CHECK)
    # The browser says of the price that was refused what the page says in words.
    unexpected = [each for each in petra.problems if "400 (Bad Request)" not in each]
    assert (unexpected, ben.problems, sam.problems) == ([], [], [])


def _apply(petra: Visitor) -> None:
    """P-1."""
    page = petra.goto("/partner/join/")
    petra.look("partner-join")
    page.get_by_label("Company", exact=True).fill(LISTS)
    page.get_by_label("Where do your leads come from?").fill("Trade fairs, with a form each.")
    page.get_by_label("How did these people agree to be contacted?").fill("They signed it.")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Your application is with us")).to_be_visible()


def _approve_partner(sam: Visitor) -> None:
    page = sam.goto("/admin/partners/partner/")
    page.get_by_role("row", name=re.compile(LISTS)).get_by_role("link", name="Decide").click()
    page.get_by_label("Decision").select_option("approve")
    _confirm(page)
    expect(page.get_by_text(f"{LISTS}: approved. They are mailed.")).to_be_visible()


def _confirm(page: Page) -> None:
    """Send the form of staff's page."""
    page.locator("form[id$=_form] button[type=submit]").last.click()


def _hand_in(petra: Visitor, folder: Path) -> None:
    """P-2, P-3: a real file, one row of it twice, and one without an address."""
    (source,) = US_500.glob("*.csv")
    lines = source.read_text(encoding="utf-8-sig").splitlines()
    path = folder / "fair.csv"
    nobody = ",".join("x" for _ in lines[0].split(","))
    path.write_text("\n".join([*lines[:151], lines[7], nobody]) + "\n")
    page = petra.goto("/partner/submissions/")
    petra.look("partner-submissions-empty")
    page.get_by_role("link", name=re.compile("Hand in|Upload")).first.click()
    page.locator("input[type=file]").set_input_files(str(path))
    page.get_by_label("Price per lead").fill("5.01")
    page.get_by_label("Categories").fill("retail, fairs")
    page.get_by_label("Where they are from").fill("Trade fair 2026")
    page.get_by_label("Collected on").fill(str(date.today() - timedelta(days=5)))
    page.get_by_label("I guarantee").check()
    page.locator("form[enctype] button[type=submit], form[enctype] button:not([type])").last.click()
    expect(page.get_by_text(re.compile("0.10 to 5.00|0.10 and 5.00")).first).to_be_visible()
    page.locator("input[type=file]").set_input_files(str(path))
    page.get_by_label("Price per lead").fill("4.00")
    page.locator("form[enctype] button[type=submit], form[enctype] button:not([type])").last.click()
    expect(page).to_have_url(re.compile(r"/mapping/"))
    petra.look("submission-mapping")
    page.get_by_role("button", name=re.compile("Check|Preview|Validate")).click()
    submit = page.get_by_role("button", name="Submit 150 leads for review")
    expect(submit).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1 duplicate", exact=True)).to_be_visible()
    petra.look("submission-ready")
    with page.expect_download() as download:
        page.get_by_role("link", name="Rejects, as CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert [row["Line"] for row in csv.DictReader(io.StringIO(text))] == ["152", "153"]
    submit.click()
    expect(page.get_by_text("Our staff look at it")).to_be_visible()


def _approve_part(sam: Visitor) -> None:
    """P-5."""
    page = sam.goto("/admin/partners/submission/")
    page.get_by_role("row", name=re.compile(LISTS)).get_by_role("link", name="Review").click()
    sam.settle()
    sam.picture("admin-submission")
    page.get_by_role("link", name=re.compile("Review|Decide")).last.click()
    page.get_by_label("Approve those chosen below").check()
    page.get_by_label("Part: the best so many").fill(str(APPROVED))
    sam.picture("admin-review")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("is being put on sale")).to_be_visible()


def _buy(ben: Visitor) -> int:
    """M-2 to M-5; how many are in the order's file."""
    page = ben.goto("/marketplace/")
    found = page.get_by_text(f"{APPROVED} leads on sale", exact=True)
    for _ in range(20):  # the worker publishes
        if found.count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    expect(found).to_be_visible()
    page.get_by_role("link", name="7 days").click()
    expect(page).to_have_url(re.compile("within_days.7"))
    page.get_by_label("Add the first").fill(str(BOUGHT))
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text(f"{BOUGHT} leads").first).to_be_visible()
    page.get_by_role("link", name="Go to the cart").click()
    ben.look("cart")
    page.get_by_role("button", name=re.compile(f"Buy {BOUGHT} leads for 480 credits")).click()
    expect(page).to_have_url(re.compile(r"/marketplace/orders/[0-9a-f-]{36}/"))
    ben.look("order")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    page.get_by_role("link", name="Open in leads").click()
    expect(page.get_by_text(f"{BOUGHT} leads", exact=True)).to_be_visible()
    page = ben.goto("/marketplace/")
    expect(page.get_by_text(f"{APPROVED - BOUGHT} leads on sale", exact=True)).to_be_visible()
    return len(rows)


def _see_the_sale(petra: Visitor, state: str) -> None:
    """P-6, P-7: what became of the commissions. $4.00 at 30 %, 10 more since it was
    early, and 5 more since all addresses are valid."""
    page = petra.goto("/partner/sold/")
    expect(page.get_by_text("$1.80").first).to_be_visible()
    expect(page.locator("tbody").get_by_text(state, exact=True).first).to_be_visible()
    petra.look(f"partner-sold-{state.lower()}")
    page = petra.goto("/partner/")
    expect(page.get_by_text("$108.00").first).to_be_visible()
    petra.look(f"partner-home-{state.lower()}")


def _pay(sam: Visitor) -> None:
    page = sam.goto("/admin/partners/payout/")
    page.get_by_role("link", name="Plan payouts now").first.click()
    _confirm(page)
    expect(page.get_by_text("1 payouts are planned.")).to_be_visible()
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("pay_by_hand")
    page.get_by_role("button", name=re.compile("Run|Go")).click()
    page.get_by_label("Reference").fill("Transfer 42")
    sam.picture("admin-payout")
    _confirm(page)
    expect(page.get_by_text("is paid.")).to_be_visible()
