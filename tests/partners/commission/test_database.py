"""What the database refuses by itself, whoever asks (C-1, P-6, X-1)."""

import pytest
from django.db import DatabaseError, IntegrityError, connections

from cursive.lib.tenancy import system_context, tenant_context
from partners.commission.models import CommissionRate, PartnerAccount, PartnerEntry, SoldLead
from tests import cast
from tests.partners.books import Seller

NEVER = [
    "UPDATE partners_partnerentry SET held_cents = held_cents + 1",
    "DELETE FROM partners_partnerentry",
    "UPDATE partners_commissionrate SET base_percent = 50",
    "DELETE FROM partners_commissionrate",
]


@pytest.mark.parametrize("statement", NEVER)
def test_entries_and_terms_are_never_changed_or_deleted(petra, statement):
    petra.sell()
    before = petra.snapshot()
    with (
        pytest.raises(DatabaseError, match="never changed"),
        system_context(),
        connections["admin"].cursor() as cursor,
    ):
        cursor.execute(statement)
    assert petra.snapshot() == before


IMPOSSIBLE = [
    "UPDATE partners_partneraccount SET held_cents = -1",
    "UPDATE partners_partneraccount SET paid_cents = -1",
    "UPDATE partners_soldlead SET state = 'due'",
    "UPDATE partners_soldlead SET state = 'lost'",
    "UPDATE partners_soldlead SET commission_cents = 101",
    "UPDATE partners_payout SET cents = 0",
    "UPDATE partners_payout SET state = 'paid'",
    "UPDATE partners_payout SET state = 'paid', method = 'manual', paid_at = now()",
    "INSERT INTO partners_payout SELECT gen_random_uuid(), cents, state, method, reference,"
    " stripe_account, transfer_id, attempts, next_attempt_at, error, planned_at, paid_at,"
    " failed_at, decided_by, workspace_id FROM partners_payout",
]


def test_books_stay_possible(petra):
    petra.payout()
    petra.sell()
    before = petra.snapshot()
    for statement in IMPOSSIBLE:
        with (
            pytest.raises(IntegrityError),
            system_context(),
            connections["admin"].cursor() as cursor,
        ):
            cursor.execute(statement)
        assert petra.snapshot() == before, statement


@pytest.mark.parametrize(
    "terms",
    [
        {"volume_from": 0},
        {"verified_from": -1},
        {"verified_from": 101},
        {"early_days": -1},
        {"volume_points": -1},
        {"base_percent": 60},
        {"cap_percent": 101},
    ],
)
def test_terms_stay_possible(db, terms):
    """P-6: the last line behind the form that staff fill in."""
    with system_context():
        before = list(CommissionRate.objects.values())
        with pytest.raises(IntegrityError):
            CommissionRate.objects.create(note="Impossible", **terms)
        assert list(CommissionRate.objects.values()) == before


MOVES = [
    ("commission", (-1, 0, 0, 0), 0),
    ("commission", (1, 1, 0, 0), 0),
    ("matured", (-2, 1, 0, 0), 0),
    ("refund", (1, -1, 0, 0), 0),
    ("payout", (0, -2, 1, 0), 0),
    ("payout", (0, -1, 1, 0), -1),  # more than was due
    ("paid", (0, 0, -1, 2), 0),
    ("payout_failed", (0, 2, -1, 0), 0),
    ("adjustment", (0, 0, 0, 0), 0),
    ("adjustment", (0, 1, 1, 0), 0),
    ("gift", (0, 1, 0, 0), 0),
]


def test_an_entry_moves_what_its_kind_moves(petra):
    names = ("held_cents", "due_cents", "paying_cents", "paid_cents")
    for kind, parts, due_after in MOVES:
        with system_context(), pytest.raises(IntegrityError, match="partner_entry_kind_fits"):
            PartnerEntry.objects.create(
                workspace_id=petra.id,
                kind=kind,
                **dict(zip(names, parts, strict=True)),
                held_after=0,
                due_after=due_after,
                reference_id=petra.id,
                key="k",
                actor_kind="system",
                actor_label="test",
                created_at="2026-11-26T00:00:00Z",
            )


def test_partners_read_their_own_books_and_write_none(petra):
    other = Seller("Other", owner=cast.user("Oscar"))
    petra.sell()
    other.sell(2)
    for model in (PartnerAccount, PartnerEntry, SoldLead):
        with tenant_context(petra.id):
            assert {row.workspace_id for row in model.objects.all()} == {petra.id}
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            tenant_context(petra.id),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
    assert len(other.lines()) == 2
