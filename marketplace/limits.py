"""How often the marketplace may be used, by each user; a key counts as one (M-6)."""

from cursive.lib.actors import Actor
from cursive.lib.limits import Limit, hit

BROWSE = Limit(
    "marketplace_browse",
    "60/minute",
    "You have searched the marketplace 60 times within a minute. Wait a moment, then go on.",
)
PURCHASE = Limit(
    "marketplace_purchase",
    "10/minute",
    "You have bought 10 times within a minute. Wait a moment; your cart stays as it is.",
    fail_closed=True,
)
OTHER = Limit(
    "marketplace",
    "100/minute",
    "That was 100 times within a minute. Wait a moment, then go on.",
)


def use(limit: Limit, actor: Actor) -> None:
    """Count one use by whoever acts. Raises TooMany past the limit."""
    hit(limit, actor.user_id or actor.key_id or actor.label)
