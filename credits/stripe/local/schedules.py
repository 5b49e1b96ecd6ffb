"""Subscription schedules: a change of price that waits for the end of the period."""

from . import subscriptions
from .account import Account, with_metadata
from .errors import BadParams, Refusal
from .params import METADATA, TEXT, Flag, Hash, Many, Moment, OneOf, Param, Whole
from .periods import step
from .prices import INTERVALS, price_named
from .routing import listing, matching, route
from .store import Obj

PHASE = Hash(
    spec={
        "duration": Hash(
            spec={
                "interval": OneOf(words=INTERVALS, required=True),
                "interval_count": Whole(least=1),
            }
        ),
        "end_date": Moment(words=("now",)),
        "items": Many(
            of=Hash(
                spec={
                    "price": TEXT,
                    "price_data": subscriptions.PRICE_DATA,
                    "quantity": Whole(least=0),
                    "metadata": METADATA,
                }
            ),
            required=True,
            most=20,
        ),
        "metadata": METADATA,
        "proration_behavior": OneOf(words=("always_invoice", "create_prorations", "none")),
        "start_date": Moment(words=("now",)),
    }
)
RUNNING = ("active", "not_started")


@route("POST", "/v1/subscription_schedules", {"from_subscription": Param(required=True)})
def create_schedule(account: Account, values: Obj) -> Obj:
    """A schedule for a running subscription, whose first phase is the period that runs."""
    subscription = subscriptions.living(account, values["from_subscription"])
    if subscription["schedule"] is not None:
        raise Refusal(
            "You cannot migrate a subscription that is already attached to a schedule: "
            f"{subscription['schedule']}.",
            param="from_subscription",
        )
    return new_schedule(account, subscription)


def new_schedule(account: Account, subscription: Obj) -> Obj:
    """The same; tells of it."""
    items = subscriptions.items_of(subscription)
    schedule = account.new(
        "subscription_schedule",
        application=None,
        billing_mode=subscription["billing_mode"],
        canceled_at=None,
        completed_at=None,
        customer=subscription["customer"],
        customer_account=None,
        default_settings={
            "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": "charge_automatically",
            "default_payment_method": None,
            "description": None,
            "invoice_settings": {
                "account_tax_ids": None,
                "days_until_due": None,
                "issuer": {"type": "self"},
            },
            "on_behalf_of": None,
            "transfer_data": None,
        },
        end_behavior="release",
        metadata={},
        pause_schedules=[],
        phases=[],
        released_at=None,
        released_subscription=None,
        status="active",
        subscription=subscription["id"],
        test_clock=None,
    )
    start, end = items[0]["current_period_start"], subscriptions.period_end(subscription)
    pairs = [(item["price"], item["quantity"]) for item in items]
    schedule["phases"] = [_phase(pairs, start, end, {})]
    schedule["current_phase"] = {"start_date": start, "end_date": end}
    account.emit("subscription_schedule.created", schedule)
    account.change("customer.subscription.updated", subscription, schedule=schedule["id"])
    return schedule


def _phase(pairs: list[tuple[Obj, int]], start: int, end: int, given: Obj) -> Obj:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": "usd",
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": end,
        "invoice_settings": None,
        "items": [
            {
                "billing_thresholds": None,
                "discounts": [],
                "metadata": {},
                "plan": price["id"],
                "price": price["id"],
                "quantity": quantity,
                "tax_rates": [],
            }
            for price, quantity in pairs
        ],
        "metadata": given.get("metadata") or {},
        "on_behalf_of": None,
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
    }


@route(
    "POST",
    "/v1/subscription_schedules/{id}",
    {
        "end_behavior": OneOf(words=("cancel", "release")),
        "metadata": METADATA,
        "phases": Many(of=PHASE, most=10),
        "proration_behavior": OneOf(words=("always_invoice", "create_prorations", "none")),
    },
)
def update_schedule(account: Account, values: Obj, id: str) -> Obj:
    """Change what is to come; phases are given whole, the running one too."""
    schedule = running(account, id)
    changed: Obj = {}
    if "phases" in values:
        changed["phases"] = _read_phases(account, schedule, values["phases"])
        first = changed["phases"][0]
        changed["current_phase"] = {
            "start_date": first["start_date"],
            "end_date": first["end_date"],
        }
    if "end_behavior" in values:
        changed["end_behavior"] = values["end_behavior"]
    if "metadata" in values:
        changed["metadata"] = with_metadata(schedule, values["metadata"])
    account.change("subscription_schedule.updated", schedule, **changed)
    return schedule


def _read_phases(account: Account, schedule: Obj, given: list[Obj]) -> list[Obj]:
    subscription = account.get("subscription", schedule["subscription"])
    end = subscriptions.period_end(subscription)
    phases: list[Obj] = []
    for index, phase in enumerate(given):
        name = f"phases[{index}]"
        start = phase.get("start_date")
        if index == 0:
            if start is None:
                raise BadParams(
                    "The first phase needs a start_date.",
                    code="parameter_missing",
                    param=f"{name}[start_date]",
                )
            if start == "now" or start != schedule["phases"][0]["start_date"]:
                raise Refusal(
                    "You can not modify the start date of the current phase.",
                    param=f"{name}[start_date]",
                )
        elif start not in (None, phases[-1]["end_date"]):
            raise Refusal(
                "A phase begins when the one before it ends.", param=f"{name}[start_date]"
            )
        begins = int(schedule["phases"][0]["start_date"] if index == 0 else phases[-1]["end_date"])
        pairs = [
            (price_named(account, item, f"{name}[items][{n}]"), item.get("quantity", 1))
            for n, item in enumerate(phase["items"])
        ]
        ends = _phase_end(phase, begins, pairs, name)
        if index == 0 and len(given) > 1 and ends != end:
            raise Refusal(
                "The local server of test payments changes phases only when a period ends: "
                f"at {end}.",
                param=f"{name}[end_date]",
            )
        phases.append(_phase(pairs, begins, ends, phase))
    return phases


def _phase_end(phase: Obj, start: int, pairs: list[tuple[Obj, int]], name: str) -> int:
    if ("end_date" in phase) == ("duration" in phase) and "end_date" in phase:
        raise BadParams(
            "You may only specify one of these parameters: end_date, duration.",
            code="parameters_exclusive",
            param=f"{name}[duration]",
        )
    if "end_date" in phase:
        if phase["end_date"] == "now" or phase["end_date"] <= start:
            raise Refusal("A phase ends after it begins.", param=f"{name}[end_date]")
        return int(phase["end_date"])
    given: Obj = phase["duration"] if "duration" in phase else pairs[0][0]["recurring"]
    duration = {"interval_count": 1, **given}
    return step(start, duration, 1)


def later_phase(account: Account, given: Obj, start: int) -> Obj:
    """A phase of one period from `start` on."""
    pairs = [(account.get("price", item["price"]), item["quantity"]) for item in given["items"]]
    return _phase(pairs, start, _phase_end(given, start, pairs, "phases"), given)


def enter_phase(account: Account, subscription: Obj) -> list[Obj] | None:
    """Go on to the phase that begins as a period ends; the new items, None where they stay."""
    schedule = account.find(subscription["schedule"])
    if schedule is None:
        return None
    now = account.now()
    phase = next((one for one in schedule["phases"] if one["start_date"] == now), None)
    if phase is None:
        if now >= schedule["phases"][-1]["end_date"]:
            release(account, schedule, completed=True)
        return None
    schedule["current_phase"] = {"start_date": now, "end_date": phase["end_date"]}
    account.emit("subscription_schedule.updated", schedule, {"current_phase": None})
    old = subscriptions.items_of(subscription)
    items = []
    for index, given in enumerate(phase["items"]):
        price = account.get("price", given["price"])
        item = old[min(index, len(old) - 1)]
        items.append(
            {
                **item,
                "id": item["id"] if index < len(old) else account.new_id("si"),
                "price": dict(price),
                "plan": subscriptions.plan_of(price),
                "quantity": given["quantity"],
            }
        )
    return items


@route("POST", "/v1/subscription_schedules/{id}/release", {"preserve_cancel_date": Flag()})
def release_schedule(account: Account, values: Obj, id: str) -> Obj:
    """Let the subscription go on as it is, without what was to come."""
    schedule = running(account, id)
    release(account, schedule)
    return schedule


def release(account: Account, schedule: Obj, *, completed: bool = False) -> None:
    """The same; tells of it. A completed schedule has come to its last phase's end."""
    subscription = account.get("subscription", schedule["subscription"])
    schedule |= {
        "completed_at": account.now() if completed else None,
        "current_phase": None,
        "released_at": account.now(),
        "released_subscription": subscription["id"],
        "status": "released",
        "subscription": None,
    }
    account.emit("subscription_schedule.released", schedule)
    account.change("customer.subscription.updated", subscription, schedule=None)


@route("GET", "/v1/subscription_schedules/{id}")
def retrieve_schedule(account: Account, values: Obj, id: str) -> Obj:
    """One schedule."""
    return account.get("subscription_schedule", id)


@listing("/v1/subscription_schedules", {"customer": TEXT})
def list_schedules(account: Account, values: Obj) -> list[Obj]:
    """Schedules, newest first."""
    return matching(account.all("subscription_schedule"), values, "customer")


def running(account: Account, key: str) -> Obj:
    """A schedule that may still change."""
    schedule = account.get("subscription_schedule", key)
    if schedule["status"] not in RUNNING:
        raise Refusal(
            f"This schedule is {schedule['status']}, so it can't be changed: {key}.", param="id"
        )
    return schedule
