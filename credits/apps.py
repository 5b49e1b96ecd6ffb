"""Registers what credits offer to the other floors."""

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """Credits."""

    name = "credits"

    def ready(self) -> None:
        from credits.ledger.checks import register_ledger_check
        from credits.ledger.queries import jobs_as_references, register_reference
        from credits.plans import events as plan_events
        from credits.plans.queries import ONE_LIVING, periods_as_references
        from credits.purchases import handlers, reconciliation
        from credits.purchases.queries import purchases_as_references
        from credits.stripe import checks as stripe_checks
        from credits.stripe.registry import register_handler
        from cursive.lib.partitions import register_partitioned
        from cursive.lib.ui.navigation import Entry, register

        register(
            Entry(
                "Credits",
                "credits:overview",
                icon="coins",
                order=50,
                shortcut="g c",
                words="balance billing buy packages history ledger plan subscription invoices",
            ),
            Entry(
                "API usage",
                "credits:usage",
                icon="gauge",
                order=55,
                shortcut="g u",
                words="calls limits requests overage rate",
            ),
        )
        register_partitioned("credits_apicall", drop_behind=True)
        register_reference("job", jobs_as_references)
        register_reference("purchase", purchases_as_references)
        stripe_checks.register()
        plan_events.register()
        register_ledger_check("one living subscription a workspace", ONE_LIVING)
        register_reference("period", periods_as_references)
        for handler in handlers.HANDLERS:
            register_handler(handler)
        for name, check in reconciliation.CHECKS.items():
            register_ledger_check(name, check)
        register_ledger_check("purchases agree with Stripe", reconciliation.open_differences)
