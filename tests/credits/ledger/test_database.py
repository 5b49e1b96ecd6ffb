"""What the database refuses by itself, whoever asks (C-1, C-2, C-5, X-1)."""

import pytest
from django.db import DatabaseError, IntegrityError, connections

from credits.ledger.models import Account, Entry, Hold
from cursive.lib.tenancy import system_context, tenant_context

CHANGES = [
    "UPDATE credits_entry SET amount = amount + 1",
    "UPDATE credits_entry SET metadata = '{}'",
    "DELETE FROM credits_entry",
    "TRUNCATE credits_entry",
]


@pytest.mark.parametrize("alias", ["default", "admin"])
@pytest.mark.parametrize("statement", CHANGES)
def test_entries_are_never_changed_or_deleted(books, alias, statement):
    """C-2: by trigger, and for staff's role too."""
    books.grant(5)
    before = books.snapshot()
    context = tenant_context(books.workspace.id) if alias == "default" else system_context()
    with pytest.raises(DatabaseError), context, connections[alias].cursor() as cursor:
        cursor.execute(statement)
    assert books.snapshot() == before


def test_nor_through_the_orm(books):
    entry = books.grant(5)
    with system_context():
        for change in (lambda: Entry.objects.update(amount=1), entry.delete, entry.save):
            with pytest.raises(DatabaseError, match="never changed"):
                change()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credits_account SET balance = -0.01",
        "UPDATE credits_account SET held = -0.01",
        "UPDATE credits_account SET held = 9999999999.99",
        "UPDATE credits_hold SET captured = -1",
        "UPDATE credits_hold SET captured = 5",  # open with nothing left
        "UPDATE credits_hold SET state = 'closed'",  # closed with something left
        "UPDATE credits_hold SET captured = 3, released = 3",
        "UPDATE credits_hold SET state = 'lost'",
    ],
)
def test_accounts_and_holds_stay_possible(books, change):
    """C-1: nothing is negative, and a hold is what was captured, released and is left."""
    books.grant(10)
    books.hold(5)
    before = books.snapshot()
    with pytest.raises(IntegrityError), system_context(), connections["admin"].cursor() as cursor:
        cursor.execute(change)
    assert books.snapshot() == before


def entry(books, **more) -> Entry:
    values = {
        "workspace_id": books.workspace.id,
        "kind": "spend",
        "amount": -1,
        "balance_after": 0,
        "action": "pull",
        "reference_kind": "test",
        "reference_id": "1",
        "key": "planted",
        "actor_kind": "system",
        "actor_label": "test",
        "created_at": books.workspace.created_at,
    }
    return Entry(**{**values, **more})


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 1},
        {"amount": 0},
        {"balance_after": -1},
        {"kind": "grant"},
        {"kind": "other"},
        {"kind": "refund", "amount": 1},
        {"key": "taken"},
    ],
)
def test_entries_that_make_no_sense_are_refused(books, wrong):
    books.grant(10, "taken")
    with system_context(), pytest.raises(IntegrityError):
        entry(books, **wrong).save(force_insert=True)
    assert books.amounts() == [10]


def test_an_entry_names_spends_and_holds_of_its_own_workspace_only(books, others):
    others.grant(10)
    spent, held = others.spend(5), others.hold(5)
    granted = books.grant(10)
    with system_context():
        for wrong in (
            {"kind": "refund", "amount": 1, "refunds_id": spent.id},
            {"kind": "refund", "amount": 1, "refunds_id": granted.id},
            {"hold_id": held.id},
        ):
            with pytest.raises(IntegrityError):
                entry(books, **wrong).save(force_insert=True)
    assert books.amounts() == [10]


def test_another_workspaces_books_are_invisible(books, others):
    """X-1: also where the query names them."""
    others.grant(10)
    others.hold(5)
    with tenant_context(books.workspace.id):
        for model in (Account, Entry, Hold):
            assert model.objects.count() == 0
            with connections["default"].cursor() as cursor:
                cursor.execute(
                    f"SELECT count(*) FROM {model._meta.db_table} WHERE workspace_id = %s",
                    [others.workspace.id],
                )
                assert cursor.fetchone() == (0,)
        with pytest.raises(DatabaseError), connections["default"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO credits_account (id, workspace_id, balance, held)"
                " VALUES (gen_random_uuid(), %s, 1, 0)",
                [others.workspace.id],
            )


@pytest.mark.parametrize("table", ["credits_price", "credits_package", "credits_plan"])
def test_prices_are_staffs_to_write(books, table):
    """A customer's role reads prices and changes none."""
    with tenant_context(books.workspace.id), connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET position = 1"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(statement)
