"""What changes a cart (M-3). A cart is one person's in one workspace, of at most 1,000 listings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.errors import Forbidden, InvalidInput
from leads.filters.tree import Group
from marketplace.listings.models import Listing
from marketplace.listings.search import find

from .models import CartItem
from .operations import MOST


@dataclass(frozen=True, slots=True)
class Added:
    """What became of listings that were put into a cart.

    `there` lay in it already, `full` found no room, `gone` can't be bought (any more). Of a search
    (`is_search`) `there` are the ones that it passed over on its way.
    """

    added: int
    there: int = 0
    full: int = 0
    gone: int = 0
    is_search: bool = False

    @property
    def is_all_there(self) -> bool:
        """Whether all that a search finds lay in the cart already."""
        return self.is_search and not (self.added or self.full or self.gone)


def add_listings(*, workspace_id: UUID, actor: Actor, listing_ids: Sequence[int]) -> Added:
    """Put listings into the actor's cart, each at its price of now.

    What can't be bought is left out, and what finds no room; both are counted. Raises
    `InvalidInput` for no listings.
    """
    if not listing_ids:
        raise InvalidInput("Choose leads to put into your cart.")
    user_id = _user(actor)
    wanted = list(dict.fromkeys(listing_ids))
    with tenancy.atomic():
        _lock(workspace_id, actor)
        mine = CartItem.objects.of_user(workspace_id, actor.user_id)
        inside = set(mine.inside().values_list("listing_id", flat=True))
        new = [each for each in wanted if each not in inside]
        prices = dict(
            Listing.objects.on_sale()
            .filter(id__in=new)
            .exclude(seller_id=workspace_id)
            .values_list("id", "price_cents")
        )
        buyable = [each for each in new if each in prices]
        room = max(0, MOST - len(inside))
        mine.removed().filter(listing_id__in=buyable[:room]).delete()
        CartItem.objects.bulk_create(
            CartItem(
                workspace_id=workspace_id,
                user_id=user_id,
                listing_id=each,
                price_cents=prices[each],
            )
            for each in buyable[:room]
        )
    return Added(
        added=len(buyable[:room]),
        there=len(wanted) - len(new),
        full=len(buyable[room:]),
        gone=len(new) - len(buyable),
    )


def add_found(
    *, workspace: Workspace, actor: Actor, filter: Group, order: str, count: int
) -> Added:
    """Put the first `count` listings of a search that aren't in the actor's cart yet into it.

    1 to 1,000; asked again it goes on where the cart ends. Raises `InvalidInput`, also where the
    search finds nothing.
    """
    if not 1 <= count <= MOST:
        sentence = f"Use a whole number from 1 to {MOST:,}."
        raise InvalidInput(sentence, fields={"count": sentence})
    user_id = _user(actor)
    with tenancy.atomic():
        _lock(workspace.id, actor)
        mine = CartItem.objects.of_user(workspace.id, user_id).inside()
        inside = set(mine.values_list("listing_id", flat=True))
        found = find(filter, buyer_id=workspace.id, order=order, limit=count + len(inside))
        if not found:
            raise InvalidInput("Nothing matches this search any more.")
        new = [each for each in found if each not in inside][:count]
        passed = found.index(new[-1]) + 1 - len(new) if new else len(found)
        if not new:
            return Added(0, there=passed, is_search=True)
        added = add_listings(workspace_id=workspace.id, actor=actor, listing_ids=new)
    return replace(added, there=passed, is_search=True)


def remove_items(
    *, workspace_id: UUID, actor: Actor, listing_ids: Sequence[int] | None = None
) -> int:
    """Take listings out of the actor's cart, or (None) all; how many.

    The last ones that were taken out can be put back (`put_back`), the ones before no more.
    """
    with tenancy.atomic():
        _lock(workspace_id, actor)
        mine = CartItem.objects.of_user(workspace_id, actor.user_id)
        leaving = mine.inside()
        if listing_ids is not None:
            leaving = leaving.filter(listing_id__in=listing_ids)
        ids = list(leaving.values_list("id", flat=True))
        if ids:
            mine.removed().delete()
            mine.filter(id__in=ids).update(removed_at=timezone.now())
    return len(ids)


def put_back(*, workspace_id: UUID, actor: Actor) -> int:
    """Put back what was taken out last, as far as there is room; how many."""
    with tenancy.atomic():
        _lock(workspace_id, actor)
        mine = CartItem.objects.of_user(workspace_id, actor.user_id)
        room = max(0, MOST - mine.inside().count())
        ids = list(mine.removed().order_by("added_at", "id").values_list("id", flat=True)[:room])
        returned: int = mine.filter(id__in=ids).update(removed_at=None)
    return returned


def accept_prices(*, workspace_id: UUID, actor: Actor) -> int:
    """Agree to what the listings in the actor's cart cost now; how many had another price."""
    with tenancy.atomic():
        _lock(workspace_id, actor)
        items = list(CartItem.objects.of_user(workspace_id, actor.user_id).inside())
        prices = dict(
            Listing.objects.on_sale()
            .filter(id__in=[item.listing_id for item in items])
            .values_list("id", "price_cents")
        )
        changed = []
        for item in items:
            now = prices.get(item.listing_id, item.price_cents)
            if now != item.price_cents:
                item.price_cents = now
                changed.append(item)
        CartItem.objects.bulk_update(changed, ["price_cents"])
    return len(changed)


def _user(actor: Actor) -> UUID:
    """Whose cart it is. Raises `Forbidden` for keys, which have none."""
    if actor.user_id is None:
        raise Forbidden("Carts belong to people. A key buys listings by their ids.")
    return actor.user_id


def _lock(workspace_id: UUID, actor: Actor) -> None:
    """Let two tabs change one cart one after the other, so that it never holds too much."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"cart:{workspace_id}:{actor.user_id}"],
        )
