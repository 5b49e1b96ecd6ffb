"""M-5: orders, their leads, receipt and file."""

import csv
import io

from django.test import Client

from credits.ledger.checks import find_differences
from cursive.lib.tenancy import system_context, tenant_context
from leads.duplicates.merging import merge_leads
from leads.records.operations import delete_lead
from marketplace.purchases.models import OrderLine
from marketplace.purchases.orders import rows_of
from tests import market
from tests.marketplace.purchases.buying import all_is_well, buyer

ORDERS = "/marketplace/orders/"


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode()


def test_no_orders_yet(alice):
    assert "No orders yet" in text_of(alice, ORDERS)


def test_an_order_and_its_leads(alice, acme, seller):
    two = [market.listing(seller, price_cents=100), market.listing(seller, price_cents=33)]
    other = market.listing(seller, first_name="Gone")
    buyer("Globex", "Gus").buy([other])
    order = acme.buy([*two, other])
    listed = text_of(alice, ORDERS)
    assert order.number in listed and "2.66" in listed
    text = text_of(alice, f"{ORDERS}{order.id}/")
    for lead in acme.leads():
        assert lead.email in text and f"/leads/{lead.id}/" in text
    assert "1 sold meanwhile" in text and "Gone L." in text
    assert "Sold by Lists &amp; Co" in text and str(seller.id) not in text  # M-1: once bought
    # The lead list, narrowed to this order, says by which.
    leads = text_of(alice, f"/leads/?f=job_id.in.{order.id}")
    assert all(lead.email in leads for lead in acme.leads())


def test_the_lead_list_knows_orders_by_name(alice, acme, seller):
    order = acme.buy([market.listing(seller)])
    text = text_of(alice, f"{ORDERS}{order.id}/")
    address = text.split('href="/leads/?')[1].split('"')[0].replace("&amp;", "&")
    assert f"Order {order.number}, 1 lead" in text_of(alice, f"/leads/?{address}")


def test_the_receipt_adds_up(alice, acme, seller):
    prices = (100, 100, 33)
    order = acme.buy([market.listing(seller, price_cents=cents) for cents in prices])
    text = text_of(alice, f"{ORDERS}{order.id}/receipt/")
    assert "<dt>From</dt><dd>Cursive</dd>" in text
    for said in (order.number, "Acme", "2 leads × 2.00 credits", "4.00", "1 lead × 0.66", "$2.33"):
        assert said in text, said
    assert "4.66" in text and "Given back" not in text


def test_the_file_is_safe_to_open(alice, acme, seller):
    """L-22: no cell is a formula."""
    order = acme.buy([market.listing(seller, first_name="=cmd|x", price_cents=100)])
    text = text_of(alice, f"{ORDERS}{order.id}/leads.csv")
    (row,) = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    (lead,) = acme.leads()
    assert row["first_name"] == "'=cmd|x" and row["email"] == lead.email
    assert (row["credits"], row["refunded"]) == ("2.00", "")


def test_a_lead_that_was_deleted_stays_in_the_books(alice, acme, seller):
    order = acme.buy([market.listing(seller)])
    (lead,) = acme.leads()
    with tenant_context(acme.workspace.id):
        delete_lead(workspace_id=acme.workspace.id, lead_id=lead.id, actor=acme.actor)
    assert "Deleted since" in text_of(alice, f"{ORDERS}{order.id}/")
    assert "2.00" in text_of(alice, f"{ORDERS}{order.id}/leads.csv")
    all_is_well()


def test_a_lead_that_was_merged_is_found_in_the_other(alice, acme, seller):
    """L-14: on the order's page, and by who looks at a report."""
    order = acme.buy([market.listing(seller), market.listing(seller)])
    first, second = acme.leads()
    with tenant_context(acme.workspace.id):
        merge_leads(
            workspace_id=acme.workspace.id, actor=acme.actor, lead_ids=[first.id, second.id]
        )
        rows = rows_of(acme.workspace.id, acme.lines())
    assert rows[0].lead is not None and rows[0].lead == rows[1].lead
    assert "Deleted since" not in text_of(alice, f"{ORDERS}{order.id}/")
    all_is_well()


def test_the_history_of_credits_names_the_order(alice, acme, seller):
    order = acme.buy([market.listing(seller)])
    text = text_of(alice, "/credits/")
    assert f"Order {order.number}, 1 lead" in text and f"{ORDERS}{order.id}/" in text


def test_the_proof_finds_what_was_planted(acme, seller):
    """C-7: charged is delivered, and charged is sold."""
    order = acme.buy([market.listing(seller), market.listing(seller)])
    with system_context():
        OrderLine.objects.filter(order_id=order.id).first().delete()
    found = {difference.check for difference in find_differences()}
    assert found == {"charged orders are delivered leads", "charged listings are sold listings"}
