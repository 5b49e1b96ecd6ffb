"""Registers what the marketplace offers to the other floors."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    """Leads that partners offer, and buying them."""

    name = "marketplace"

    def ready(self) -> None:
        self._register_people()
        self._register_purchases()

    def _register_people(self) -> None:
        from leads.suppression.registry import register_remover
        from marketplace.listings.operations import withdraw_people

        register_remover("listings", withdraw_people)

    def _register_purchases(self) -> None:
        from credits.ledger.checks import register_ledger_check
        from credits.ledger.queries import register_reference
        from credits.purchases.registry import register_unpaid_listener
        from cursive.lib.jobs.registry import register_kind
        from cursive.lib.ui.navigation import Entry, register
        from cursive.lib.warming import register_warm_up
        from leads.listing.registry import register_bringer
        from marketplace.listings.search import read_market
        from marketplace.purchases import checks, orders
        from marketplace.purchases.checking import LeadReportHandler
        from marketplace.purchases.paying import release_unpaid

        register_unpaid_listener(release_unpaid)

        register_warm_up(read_market)
        register_kind(LeadReportHandler())
        register_reference("order", orders.orders_as_references)
        register_bringer(orders.orders_that_brought)
        register_ledger_check("charged orders are delivered leads", checks.CHARGED_IS_DELIVERED)
        register_ledger_check("charged listings are sold listings", checks.CHARGED_IS_SOLD)
        register(
            Entry(
                "Marketplace",
                "marketplace:listings",
                icon="building-store",
                order=25,
                shortcut="g m",
                words="buy leads listings partners sellers shop",
            ),
            Entry(
                "Orders",
                "marketplace:orders",
                icon="receipt",
                order=49,
                words="marketplace bought leads receipts purchases report bad lead",
                in_sidebar=False,
            ),
            Entry(
                "Cart",
                "marketplace:cart",
                icon="shopping-cart",
                order=48,
                words="marketplace buy checkout basket",
                in_sidebar=False,
            ),
        )
