"""A workspace with a plan at the local Stripe, and what its owner does there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

from django.test import Client

from accounts.workspaces.models import User, Workspace
from credits.ledger.models import Entry
from credits.ledger.queries import balance_of
from credits.plans.models import Invoice, Period, Subscription
from credits.plans.providers import Items
from credits.plans.queries import Terms, current_terms
from credits.prices.models import Plan
from credits.receipts.models import PaymentMail
from credits.stripe.queries import customer_of
from cursive.lib.tenancy import system_context, tenant_context
from tests.credits.stripe.paying import settle

KEY = "00000000-0000-7000-8000-00000000000{}"


class Subscriber:
    """Acme's owner in a browser, and Stripe beside it."""

    def __init__(self, workspace: Workspace, owner: User, stripe: Any) -> None:
        self.workspace, self.stripe = workspace, stripe
        self.client = Client(raise_request_exception=False)
        self.client.force_login(owner)

    def open_checkout(self, plan: str = "pro", key: str = KEY.format(1)) -> Any:
        """The answer to the form of a plan."""
        return self.client.post("/credits/plan/checkout/", {"plan": plan, "key": key})

    def session_of(self, answer: Any) -> str:
        """The checkout session that an answer leads to."""
        assert answer.status_code == 302, answer.content.decode()[:3000]
        return urlsplit(answer["Location"]).path.rpartition("/")[2]

    def subscribe(self, plan: str = "pro") -> Subscription:
        """Through the page, Stripe's checkout and its events, to the end."""
        self.stripe.pay(self.session_of(self.open_checkout(plan)))
        settle(self.stripe)
        return self.subscription()

    def subscription(self) -> Subscription:
        """The one that there is."""
        with system_context():
            return Subscription.objects.select_related("plan", "pending_plan").get(
                workspace=self.workspace
            )

    @property
    def customer(self) -> str:
        """Stripe's id of it."""
        found = customer_of(self.workspace.id)
        assert found
        return found

    def price(self, plan: str) -> str:
        """Stripe's id of a plan's price."""
        with system_context():
            items = Items()
            price = items.price(Plan.objects.get(code=plan))
            items.remember()
        return price

    def portal(self, part: str, **fields: str) -> None:
        """A form of Stripe's portal, where our page leads to."""
        answer = self.client.post("/credits/plan/portal/")
        assert answer.status_code == 302, answer.content.decode()[:3000]
        form = urlencode(fields).encode()
        with urlopen(f"{answer['Location']}/{part}", form) as page:
            html = page.read().decode()
        assert 'class="error"' not in html, html

    def change(self, plan: str) -> None:
        """To another plan: an upgrade counts at once, a downgrade at the period's end."""
        self.portal("change", price=self.price(plan))

    def cancel(self) -> None:
        """At the period's end."""
        self.portal("cancel")

    def later(self, **span: float) -> datetime:
        """Let Stripe's time go by, and take in what it tells; its time then."""
        to = datetime.fromtimestamp(self.stripe.now, UTC) + timedelta(**span)
        self.stripe.advance(to)
        settle(self.stripe)
        return to

    def now(self) -> datetime:
        """Stripe's time."""
        return datetime.fromtimestamp(self.stripe.now, UTC)

    def terms(self, now: datetime | None = None) -> Terms:
        """What counts at Stripe's time, or then."""
        with tenant_context(self.workspace.id):
            return current_terms(self.workspace.id, now or self.now())

    def grants(self) -> list[int]:
        """The credits that plans have given, oldest first."""
        with system_context():
            entries = Entry.objects.filter(workspace=self.workspace, action="subscription")
            return [int(entry.amount) for entry in entries.order_by("id")]

    def balance(self) -> int:
        """What can be spent."""
        with tenant_context(self.workspace.id):
            return int(balance_of(self.workspace.id).available)

    def periods(self) -> list[Period]:
        """All of them, oldest first."""
        with system_context():
            found = Period.objects.filter(workspace=self.workspace).select_related("plan")
            return list(found.order_by("start"))

    def invoices(self) -> list[Invoice]:
        """All of them, oldest first."""
        with system_context():
            found = Invoice.objects.filter(workspace=self.workspace)
            return list(found.order_by("created_at", "id"))

    def mails(self, kind: str = "") -> list[PaymentMail]:
        """What is to be said about plans, oldest first."""
        with system_context():
            found = PaymentMail.objects.filter(workspace=self.workspace, kind__startswith="plan_")
            return [one for one in found.order_by("created_at", "id") if kind in ("", one.kind)]
