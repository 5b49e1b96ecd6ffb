from decimal import Decimal

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# action, what it is, credits, per unit, for each US cents, at least units, note
PRICES = [
    ("pull", "Lead from the database", "0.50", "lead", None, 0, ""),
    (
        "batch_enrichment",
        "Batch enrichment",
        "0.25",
        "matched record",
        None,
        100,
        "At least 100 records are charged.",
    ),
    ("lead_enrichment", "Enriching one lead", "1", "lead", None, 0, ""),
    ("email_verification", "E-mail verification", "0.02", "address", None, 0, ""),
    ("analysis_light", "Analysis, light", "1", "analysis", None, 0, ""),
    ("analysis_deep", "Analysis, deep", "3", "analysis", None, 0, ""),
    ("analysis_xray", "Analysis, x-ray", "5", "analysis", None, 0, ""),
    (
        "marketplace_lead",
        "Lead from the marketplace",
        "1",
        "$0.50 of the partner's price",
        50,
        0,
        "Rounded up to 0.01.",
    ),
]
PACKAGES = [
    ("starter", "Starter", 100, 49_00, False),
    ("growth", "Growth", 500, 199_00, True),
    ("pro", "Pro", 1_000, 349_00, False),
    ("enterprise", "Enterprise", 5_000, 1_499_00, False),
]
# code, name, cents a month, credits a month, calls a month, past the limit, US$ a call
PLANS = [
    ("free", "Free", 0, 0, 1_000, "blocked", None),
    ("pro", "Pro", 49_00, 100, 100_000, "charged", Decimal("0.001")),
    ("enterprise", "Enterprise", 499_00, 1_500, None, "blocked", None),
]


def write_prices(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    price, package, plan = (
        apps.get_model("credits", name).objects.using(alias) for name in ("Price", "Package", "Plan")
    )
    for position, (action, label, credits, unit, cents, minimum, note) in enumerate(PRICES):
        price.create(
            action=action,
            label=label,
            credits=Decimal(credits),
            unit=unit,
            per_cents=cents,
            minimum_units=minimum,
            note=note,
            position=position,
        )
    for position, (code, name, credits, cents, popular) in enumerate(PACKAGES):
        package.create(
            code=code,
            name=name,
            credits=credits,
            price_cents=cents,
            popular=popular,
            position=position,
        )
    for position, (code, name, cents, credits, calls, past_limit, call) in enumerate(PLANS):
        plan.create(
            code=code,
            name=name,
            price_cents=cents,
            credits=credits,
            calls=calls,
            past_limit=past_limit,
            call_price_usd=call,
            position=position,
        )


class Migration(migrations.Migration):

    dependencies = [("credits", "0001_initial")]

    operations = [migrations.RunPython(write_prices, migrations.RunPython.noop)]
