"""Registers what partners offer to the other floors."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """Who sells leads, what they hand in, what they earn."""

    name = "partners"

    def ready(self) -> None:
        self._register_jobs()
        self._register_pages()

    def _register_jobs(self) -> None:
        from cursive.lib.jobs.registry import register_kind
        from partners.submissions.changing import ChangeHandler
        from partners.submissions.rechecking import RecheckHandler
        from partners.submissions.review import conclude
        from partners.submissions.validating import ValidationHandler

        for handler in (ValidationHandler(), ChangeHandler(conclude), RecheckHandler()):
            register_kind(handler)

    def _register_pages(self) -> None:
        from accounts.workspaces.queries import register_fact
        from cursive.lib.ui.navigation import Entry, register
        from marketplace.purchases.registry import register_sale_listener, register_seller_names
        from partners.commission.listener import LISTENER
        from partners.program.queries import (
            FACT,
            companies_of,
            could_apply,
            in_portal,
            sees_portal,
        )
        from partners.program.registry import register_partner_listener
        from partners.submissions.listener import SUBMISSIONS

        register_fact(FACT, in_portal)
        register_sale_listener(LISTENER)
        register_seller_names(companies_of)
        register_partner_listener(SUBMISSIONS)
        register(
            Entry(
                "Overview",
                "partners:home",
                icon="building-store",
                order=10,
                section="partner",
                shortcut="g p",
                words="partner portal sell score",
                exact=True,
                shown=sees_portal,
            ),
            Entry(
                "Submissions",
                "partners:submissions",
                icon="file-upload",
                order=20,
                section="partner",
                words="upload sell leads list csv review rejects price",
                shown=sees_portal,
            ),
            Entry(
                "Earnings",
                "partners:earnings",
                icon="cash",
                order=30,
                section="partner",
                words="commission money held due ledger",
                shown=sees_portal,
            ),
            Entry(
                "Sold leads",
                "partners:sold",
                icon="receipt",
                order=40,
                section="partner",
                words="sales commission",
                shown=sees_portal,
            ),
            Entry(
                "Payouts",
                "partners:payouts",
                icon="wallet",
                order=50,
                section="partner",
                words="paid transfer bank stripe",
                shown=sees_portal,
            ),
            Entry(
                "Sell leads",
                "partners:join",
                icon="affiliate",
                order=65,
                section="settings",
                words="partner apply marketplace earn commission",
                in_sidebar=False,
                in_workspace=False,
                shown=could_apply,
            ),
        )
