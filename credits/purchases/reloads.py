"""Setting up auto-reload, and when it is due (C-14).

A crossing is an entry of the ledger: the spend that took the balance, held credits included, from
the threshold or more to less. Credits that are taken back, since their money was, are none: a
refund never charges the card again. Its id makes the idempotency key of the charge that follows, so
that there is one charge for each crossing, however many sweeps see it.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from accounts.workspaces.authority import require_role
from accounts.workspaces.models import Role, Workspace
from credits.ledger.queries import Mark, balance_of, last_crossing, newest_mark
from credits.prices.queries import packages
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput

from .mails import mail_reload_off, mail_reload_stopped
from .models import MAX_TEXT, AutoReload, CreditPurchase
from .providers import Payment

AUTO_RELOAD = Actor.system("auto-reload")
MOST_A_DAY = 3
DAY = timedelta(days=1)
MOST_THRESHOLD = 1_000_000


def reload_of(workspace_id: UUID) -> AutoReload:
    """How auto-reload is set; unsaved, and off, where nobody has touched it."""
    found: AutoReload | None = AutoReload.objects.filter(workspace_id=workspace_id).first()
    return found or AutoReload(workspace_id=workspace_id)


def set_auto_reload(
    *, workspace: Workspace, actor: Actor, enabled: bool, threshold: int, package: str
) -> AutoReload:
    """Switch auto-reload on, with a threshold in credits and a package, or off.

    For owners and admins, with a card that Checkout kept. Where the balance is under the
    threshold already, the first charge follows at once. Raises `InvalidInput`, and `Conflict`
    where there is no card.
    """
    require_role(workspace.id, actor, Role.ADMIN)
    if enabled and not 1 <= threshold <= MOST_THRESHOLD:
        sentence = f"Use 1 to {MOST_THRESHOLD:,} credits."
        raise InvalidInput(sentence, fields={"threshold": sentence})
    if enabled and package not in {offer.code for offer in packages()}:
        sentence = "This package isn't for sale. Choose one of the list."
        raise InvalidInput(sentence, fields={"package": sentence})
    with tenancy.atomic():
        reload = _locked(workspace.id)
        if enabled and not reload.payment_method:
            raise Conflict("There is no card to charge. Buy credits once, and keep the card.")
        old = _facts(reload)
        changed = enabled and (threshold, package) != (reload.threshold, reload.package_code)
        if enabled:
            reload.threshold, reload.package_code, reload.off_reason = threshold, package, ""
            if changed or not reload.enabled:
                _look_from_now(reload, threshold)
                reload.enabled_at, reload.enabled_by_id = timezone.now(), actor.user_id
        reload.enabled = enabled
        reload.save()
        _note(reload, actor, old)
    return reload


def forget_card(*, workspace: Workspace, actor: Actor) -> str:
    """Switch auto-reload off and forget its card; the id of what was forgotten, for Stripe.

    For owners and admins.
    """
    require_role(workspace.id, actor, Role.ADMIN)
    with tenancy.atomic():
        reload = _locked(workspace.id)
        old, method = _facts(reload), reload.payment_method
        reload.enabled = False
        reload.payment_method = reload.paid_with = reload.off_reason = ""
        reload.save()
        _note(reload, actor, old)
    return method


def keep_card(workspace_id: UUID, payment: Payment) -> None:
    """Remember the card that Checkout kept for later charges, in place of an earlier one."""
    if not (payment.is_card_kept and payment.payment_method):
        return
    reload = _locked(workspace_id)
    reload.payment_method, reload.paid_with = payment.payment_method, payment.paid_with
    reload.off_reason = ""
    reload.save()


def switch_off(purchase: CreditPurchase, reason: str) -> None:
    """Switch auto-reload off, because its card was declined for `purchase`; tells the owners."""
    reload = _locked(purchase.workspace_id)
    old = _facts(reload)
    reload.enabled, reload.off_reason = False, reason[:MAX_TEXT]
    reload.save()
    purchase.paid_with = purchase.paid_with or reload.paid_with
    _note(reload, AUTO_RELOAD, old)
    mail_reload_off(purchase, reason)


def stop_reload(
    *,
    workspace_id: UUID,
    payment: Payment | None,
    purchase: CreditPurchase | None,
    what: str,
    cause_id: str,
) -> None:
    """Switch auto-reload off where money of its own charge, or of its card, went back (C-12).

    `what` happened to the payment: 'refunded' or 'disputed', by Stripe's `cause_id`. The owners
    are told. Where the card's owner or staff want money back, nobody charges it again by himself.
    """
    reload: AutoReload | None = lock_reload(workspace_id)
    if reload is None or not reload.enabled or not _is_of(reload, payment, purchase):
        return
    old = _facts(reload)
    reload.enabled, reload.off_reason = False, f"A payment was {what}."
    reload.save()
    _note(reload, AUTO_RELOAD, old)
    mail_reload_stopped(reload, what=what, cause_id=cause_id)


def lock_reload(workspace_id: UUID) -> AutoReload | None:
    """Auto-reload's row, locked, where there is one; before the account's, as everywhere."""
    found: AutoReload | None = (
        AutoReload.objects.select_for_update(of=("self",)).filter(workspace_id=workspace_id).first()
    )
    return found


def _is_of(reload: AutoReload, payment: Payment | None, purchase: CreditPurchase | None) -> bool:
    """Whether auto-reload made the purchase, or charges the card that paid."""
    if purchase is not None and purchase.source == CreditPurchase.Source.AUTO_RELOAD:
        return True
    if payment is None:
        return False
    # One card is kept anew, under another id, whenever it pays; its words stay.
    same_words = bool(payment.paid_with) and payment.paid_with == reload.paid_with
    return payment.payment_method == reload.payment_method or same_words


def reloads_today(workspace_id: UUID) -> int:
    """How many charges were tried in the last 24 hours."""
    tried: int = (
        CreditPurchase.objects.filter(workspace_id=workspace_id, created_at__gt=Now() - DAY)
        .reloads()
        .count()
    )
    return tried


def take_crossing(reload: AutoReload) -> str:
    """The name of a crossing that wasn't answered yet, or nothing. Remembers how far it looked.

    The row is locked. A crossing counts only while the balance is still under the threshold.
    """
    if balance_of(reload.workspace_id).total >= reload.threshold:
        return ""
    now = newest_mark(reload.workspace_id)
    name = ""
    if reload.checked_entry is None:
        assert reload.enabled_at is not None
        name = f"on:{reload.enabled_at.isoformat()}"
    elif now.entry_id > reload.checked_entry:
        assert reload.checked_at is not None
        crossed = last_crossing(
            reload.workspace_id,
            threshold=reload.threshold,
            after=Mark(reload.checked_entry, reload.checked_at),
        )
        name = f"entry:{crossed}" if crossed else ""
    reload.checked_entry, reload.checked_at = now.entry_id, now.at
    reload.save(update_fields=["checked_entry", "checked_at"])
    return name


def reloads_to_look_at() -> Sequence[UUID]:
    """Workspaces with auto-reload on whose balance is under its threshold, and unfinished ones."""
    with tenancy.system_context(), tenancy.connection().cursor() as cursor:
        cursor.execute(_UNDER)
        return [workspace_id for (workspace_id,) in cursor.fetchall()]


_UNDER = """
SELECT r.workspace_id FROM credits_autoreload r
LEFT JOIN credits_account a ON a.workspace_id = r.workspace_id
WHERE r.enabled AND coalesce(a.balance + a.held, 0) < r.threshold AND NOT coalesce(a.frozen, false)
UNION
SELECT workspace_id FROM credits_creditpurchase
WHERE state = 'pending' AND source = 'auto_reload'
"""


def _look_from_now(reload: AutoReload, threshold: int) -> None:
    """Look for crossings from now on; being under the threshold already is one."""
    mark = newest_mark(reload.workspace_id)
    reload.checked_entry, reload.checked_at = mark.entry_id, mark.at
    if balance_of(reload.workspace_id).total < threshold:
        reload.checked_entry = reload.checked_at = None


def _locked(workspace_id: UUID) -> AutoReload:
    AutoReload.objects.bulk_create([AutoReload(workspace_id=workspace_id)], ignore_conflicts=True)
    reload: AutoReload = AutoReload.objects.select_for_update(of=("self",)).get(
        workspace_id=workspace_id
    )
    return reload


def _facts(reload: AutoReload) -> dict[str, object]:
    return {
        "enabled": reload.enabled,
        "threshold": reload.threshold,
        "package": reload.package_code,
        "pays_with": reload.paid_with,
    }


def _note(reload: AutoReload, actor: Actor, old: dict[str, object]) -> None:
    new = _facts(reload)
    if new != old or reload.off_reason:
        record(
            action="update",
            resource="auto_reload",
            resource_id=reload.workspace_id,
            actor=actor,
            workspace_id=reload.workspace_id,
            old=old,
            new=new | ({"reason": reload.off_reason} if reload.off_reason else {}),
            severity="warning",
        )
