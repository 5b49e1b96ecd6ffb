"""What the tests of purchases share: buying, paying, and what came of it."""

from typing import Any
from uuid import UUID

from accounts.workspaces.models import User
from credits.purchases.models import AutoReload, CreditPurchase, Dispute, Reversal
from credits.purchases.operations import start_checkout
from credits.purchases.reloads import set_auto_reload
from credits.receipts.models import PaymentMail
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from tests import cast
from tests.credits.books import Books
from tests.credits.stripe import paying


class Shop:
    """One workspace at the till."""

    def __init__(self, books: Books, stripe: Any) -> None:
        self.books, self.stripe, self.workspace = books, stripe, books.workspace
        with system_context():
            self.buyer = User.objects.get(email="alice@cast.example")
        self.actor = cast.actor_for(self.buyer)

    def start(self, package: str = "growth", key: str = "", **more: Any) -> CreditPurchase:
        """Begin a purchase, as a request does."""
        values = {"actor": self.actor, **more}
        with tenant_context(self.workspace.id):
            return start_checkout(
                workspace=self.workspace,
                package=package,
                key=key or str(uuid7()),
                success_url="http://localhost/credits/?session={CHECKOUT_SESSION_ID}",
                cancel_url="http://localhost/credits/",
                **values,
            )

    def buy(self, package: str = "growth", **more: Any) -> CreditPurchase:
        """Begin, pay, and let the events arrive."""
        made = self.start(package, **more)
        self.stripe.pay(made.session_id)
        self.settle()
        return self.purchase(made.id)

    def settle(self) -> None:
        """Deliver all of Stripe's events and process them."""
        paying.settle(self.stripe)

    def purchase(self, purchase_id: UUID) -> CreditPurchase:
        """One purchase as it is now."""
        with system_context():
            return CreditPurchase.objects.get(id=purchase_id)

    def purchases(self) -> list[CreditPurchase]:
        """All of them, oldest first."""
        with system_context():
            return list(CreditPurchase.objects.order_by("created_at", "id"))

    def reversals(self) -> list[Reversal]:
        """All of them, oldest first."""
        with system_context():
            return list(Reversal.objects.order_by("created_at", "id"))

    def disputes(self) -> list[Dispute]:
        """All of them, oldest first."""
        with system_context():
            return list(Dispute.objects.order_by("opened_at", "id"))

    def mails(self, kind: str = "") -> list[PaymentMail]:
        """Mail about money, oldest first."""
        with system_context():
            found = PaymentMail.objects.order_by("created_at", "id")
            return list(found.filter(kind=kind) if kind else found)

    def reload(self) -> AutoReload:
        """How auto-reload is set."""
        with system_context():
            return AutoReload.objects.get(workspace=self.workspace)

    def set_reload(self, threshold: int = 50, package: str = "starter", on: bool = True) -> None:
        """Switch auto-reload on or off, as Alice does."""
        with tenant_context(self.workspace.id):
            set_auto_reload(
                workspace=self.workspace,
                actor=self.actor,
                enabled=on,
                threshold=threshold,
                package=package,
            )

    def amounts(self) -> list[str]:
        """What the ledger's entries say, oldest first."""
        return [str(one) for one in self.books.amounts()]
