"""The sale: listings become the buyer's leads, paid for, all in one transaction (M-4).

It runs as the system, since it crosses workspaces (ADR 0025), and names both sides in every query.
Its locks are taken in one order: the buyer's acquisitions, listings by id, their sellers' standing,
the buyer's account, then whatever the registry's listeners lock. Two purchases of one workspace
are one after the other from the first lock on, so a key is looked for behind it, and a purchase
that is repeated at the same moment finds the first one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from django.utils import timezone

from accounts.workspaces.models import Workspace
from credits.ledger.operations import spend
from credits.prices.queries import prices_by_cents
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.outbox import emit
from cursive.lib.tenancy import uuid7
from leads.records.acquisition import lock_acquisition
from leads.records.meeting import meet_catalogue
from leads.records.models import Lead
from marketplace.listings.models import Listing
from marketplace.listings.operations import mark_sold

from .choosing import Choice, choose
from .given import read_key, read_most
from .models import CartItem, Order, OrderLine
from .registry import Sale, tell_sold
from .standing import PASSING, by_reason, counts_of, in_words

MOST = 1_000
# What the ledger calls it; also the price's name.
ACTION = "marketplace_lead"
# What was found out about addresses before the sale stays known of the leads.
TELL_VERIFICATION = """
    UPDATE leads_lead l SET verification_status = t.status
    FROM unnest(%s::uuid[], %s::text[]) t (lead_id, status)
    WHERE l.workspace_id = %s AND l.id = t.lead_id
"""


class NothingToBuy(Conflict):
    """Every one of the listings was left out; `left_out` says why each was. Nothing changed.

    `orders` are the buyer's own orders, by the listing that they bought in it before.
    """

    code = "nothing_to_buy"

    def __init__(
        self, left_out: Mapping[str, list[int]], bought: Mapping[int, Order] | None = None
    ) -> None:
        said, orders = in_words(counts_of(left_out)), bought or {}
        numbers = list(dict.fromkeys(order.number for order in orders.values()))
        mine = f" You bought in {', '.join(numbers[:5])} what is yours." if numbers else ""
        super().__init__(
            f"There is nobody left to buy: {said}. Nothing was charged.{mine}",
            left_out=dict(left_out),
            orders={str(listing_id): str(order.id) for listing_id, order in orders.items()},
        )
        self.left_out = dict(left_out)


class PriceChanged(Conflict):
    """It would cost more than the buyer agreed to. Nothing changed."""

    code = "price_changed"


def purchase_listings(
    *,
    workspace: Workspace,
    actor: Actor,
    listing_ids: Sequence[int],
    key: str,
    expected_credits: Decimal | int | str | None = None,
    seen_cents: Mapping[int, int] | None = None,
) -> Order:
    """Buy these listings, 1 to 1,000, as far as they can be had; `left_out` says what wasn't.

    Left out, and not paid for: what is sold, withdrawn, reserved by others or the buyer's own,
    what became dearer than `seen_cents` (listing → US cents), people who asked not to be
    contacted, and whom the workspace owns (L-13). `expected_credits` is the most that all may
    cost. The same `key` again returns the first order, with `is_repeat`, and changes nothing.

    Raises `InvalidInput`, `Conflict` for a key that was used for something else, `NothingToBuy`,
    `PriceChanged`, `InsufficientCredits`, `SpendingFrozen`; nothing is changed then.
    """
    wanted = read_ids(listing_ids)
    most = read_most(expected_credits)
    seen = seen_cents or {}
    prices = {listing_id: seen.get(listing_id) for listing_id in wanted}
    asked = _Asked(workspace, actor, prices, read_key(key), request_digest(prices, most), most)
    with tenancy.system_context(), tenancy.atomic():
        lock_acquisition(workspace.id)
        return _earlier(asked) or _sell(asked)


def purchase_cart(
    *,
    workspace: Workspace,
    actor: Actor,
    key: str,
    shown: str,
    agreed: Decimal,
    not_meant: Collection[int] = (),
) -> Order:
    """Buy what lies in the actor's cart, at most at the prices that they saw, and empty it.

    `shown` is the cart's digest as the page showed it (`request_digest`): what came in or went out
    since, in another tab, is not bought unseen. Nor is what the page showed as left out
    (`not_meant`, listings), though it may be free by now; `agreed` is the total that it showed, in
    credits. What is dearer by now, reserved by others or free again stays in the cart. Raises as
    `purchase_listings` does.
    """
    with tenancy.system_context(), tenancy.atomic():
        lock_acquisition(workspace.id)
        mine = CartItem.objects.of_user(workspace.id, actor.user_id).inside()
        prices: dict[int, int | None] = dict(
            mine.order_by("added_at", "id").values_list("listing_id", "price_cents")
        )
        asked = _Asked(workspace, actor, prices, read_key(key), shown, agreed, not_meant)
        if earlier := _earlier(asked):
            return earlier
        if request_digest(prices) != shown:
            raise Conflict("Your cart has changed since this page was shown. Look at it again.")
        if not prices:
            raise InvalidInput("Your cart is empty.")
        order = _sell(asked)
        stays = {each for why in PASSING for each in order.left_out.get(why.value, [])}
        mine.exclude(listing_id__in=stays).delete()
        return order


def request_digest(prices: Mapping[int, int | None], most: Decimal | None = None) -> str:
    """What was asked for, as a digest: the listings, the prices seen, the most that all may cost.

    The order of the listings doesn't matter.
    """
    lines = [f"{each}:{prices[each]}" for each in sorted(prices)]
    return sha256("\n".join([*lines, str(most)]).encode()).hexdigest()


def read_ids(raw: Sequence[object]) -> list[int]:
    """Listings' ids, each once, in their order. Raises `InvalidInput` for none and past 1,000."""
    ids: dict[int, None] = {}
    for each in raw:
        if isinstance(each, bool) or not isinstance(each, int) or not 0 < each < 2**63:
            raise InvalidInput(
                "One of these is no listing's id.", fields={"listings": "Use the ids of listings."}
            )
        ids[each] = None
    if not ids:
        raise InvalidInput("Choose leads to buy.", fields={"listings": "Give at least one."})
    if len(ids) > MOST:
        raise InvalidInput(
            f"At most {MOST:,} leads are bought at once.",
            fields={"listings": f"At most {MOST:,}; these are {len(ids):,}."},
        )
    return list(ids)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody wants to buy: listings and the prices that they saw."""

    workspace: Workspace
    actor: Actor
    prices: Mapping[int, int | None]
    key: str
    digest: str
    most: Decimal | None
    not_meant: Collection[int] = ()


def _earlier(asked: _Asked) -> Order | None:
    """The order of this key, where there is one already. Raises `Conflict` for another request."""
    first: Order | None = Order.objects.filter(
        workspace_id=asked.workspace.id, key=asked.key
    ).first()
    if first is None:
        return None
    if first.request != asked.digest:
        raise Conflict(
            "This Idempotency-Key was used for another purchase.",
            fields={"Idempotency-Key": "Use a new key for a new purchase."},
        )
    first.is_repeat = True
    return first


def _sell(asked: _Asked) -> Order:
    """The sale itself, under the lock on the buyer's acquisitions."""
    order_id, now = uuid7(), timezone.now()
    choice = choose(
        buyer_id=asked.workspace.id,
        prices=asked.prices,
        order_id=order_id,
        not_meant=asked.not_meant,
    )
    left_out = by_reason(choice.left_out)
    if not choice.listings:
        raise NothingToBuy(left_out, choice.bought)
    prices = prices_by_cents(ACTION, (listing.price_cents for listing in choice.listings))
    total = sum((prices[each.price_cents] for each in choice.listings), Decimal("0.00"))
    if asked.most is not None and total > asked.most:
        raise PriceChanged(
            f"This costs {total:,} credits now, and you agreed to {asked.most:,}.",
            price=str(total),
        )
    order = Order(
        id=order_id,
        workspace_id=asked.workspace.id,
        key=asked.key,
        request=asked.digest,
        leads=len(choice.listings),
        credits=total,
        cents=sum(listing.price_cents for listing in choice.listings),
        left_out=left_out,
        created_by_id=asked.actor.user_id,
        created_by_label=asked.actor.label[:200],
        created_at=now,
    )
    spend(
        workspace_id=order.workspace_id,
        amount=total,
        action=ACTION,
        reference=("order", order.id),
        key=order.spend_key,
        actor=asked.actor,
        metadata={"leads": order.leads},
    )
    order.save(force_insert=True)
    lines = _write_lines(order, choice, prices)
    _tell_leads(order, choice)
    mark_sold(listing_ids=[listing.id for listing in choice.listings], buyer_id=order.workspace_id)
    tell_sold([_sale(line, each) for line, each in zip(lines, choice.listings, strict=True)])
    meet_catalogue(
        workspace_id=order.workspace_id,
        brought_by=order.id,
        leads=order.leads,
        actor=asked.actor,
    )
    _announce(order, choice, asked.actor)
    return order


def _write_lines(order: Order, choice: Choice, prices: Mapping[int, Decimal]) -> list[OrderLine]:
    lines: list[OrderLine] = OrderLine.objects.bulk_create(
        OrderLine(
            workspace_id=order.workspace_id,
            order_id=order.id,
            listing_id=listing.id,
            lead_id=lead_id,
            seller_id=listing.seller_id,
            credits=prices[listing.price_cents],
            cents=listing.price_cents,
            created_at=order.created_at,
        )
        for listing, lead_id in zip(choice.listings, choice.lead_ids, strict=True)
    )
    return lines


def _tell_leads(order: Order, choice: Choice) -> None:
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            TELL_VERIFICATION,
            [
                choice.lead_ids,
                [listing.verification_status for listing in choice.listings],
                order.workspace_id,
            ],
        )


def _sale(line: OrderLine, listing: Listing) -> Sale:
    return Sale(
        line_id=line.id,
        listing_id=listing.id,
        seller_id=listing.seller_id,
        submission_id=listing.submission_id,
        price_cents=listing.price_cents,
        quality=listing.quality,
        verification_status=listing.verification_status,
        collected_on=listing.collected_on,
        listed_at=listing.listed_at or line.created_at,
        sold_at=line.created_at,
    )


def _announce(order: Order, choice: Choice, actor: Actor) -> None:
    left_out = counts_of(order.left_out)
    record(
        action="purchase",
        resource="order",
        resource_id=order.id,
        actor=actor,
        workspace_id=order.workspace_id,
        new={"leads": order.leads, "credits": order.credits, "left_out": left_out},
    )
    leads = [str(lead_id) for lead_id in choice.lead_ids]
    emit(
        order.workspace_id,
        "order.completed",
        {"order": str(order.id), "leads": leads, "charged": str(order.credits)},
    )
    emit(
        order.workspace_id,
        "lead.created",
        {"leads": leads, "source": Lead.Source.MARKETPLACE, "order": str(order.id)},
    )
