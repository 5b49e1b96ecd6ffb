"""L-6: each member chooses the columns of their own list."""

import pytest

from cursive.lib.tenancy import tenant_context
from leads.listing.models import ListColumns
from leads.listing.queries import USUAL_COLUMNS
from leads.records.columns import COLUMNS
from tests import cast
from tests.leads.conftest import member

HTMX = {"HX-Request": "true"}


def shown(client) -> tuple[str, ...]:
    return tuple(column.name for column in client.get("/leads/").context["columns"])


def test_the_choice_is_remembered_for_this_member_alone(acme, alice):
    cast.lead(acme, first_name="Grace", phone="+15125550100", title="Rear Admiral", tags=["navy"])
    bob = member(acme)
    assert shown(alice) == USUAL_COLUMNS
    answer = alice.post("/leads/columns/", {"columns": ["tags", "title", "phone"]})
    assert answer.status_code == 302 and answer["Location"] == "/leads/"
    assert shown(alice) == ("phone", "title", "tags")  # in the order of files
    page = alice.get("/leads/").content.decode()
    assert "+15125550100" in page and "Rear Admiral" in page and "navy" in page
    assert shown(bob) == USUAL_COLUMNS
    alice.post("/leads/columns/", {"columns": ["city"]})
    assert shown(alice) == ("city",)
    alice.post("/leads/columns/", {"usual": "1"})
    assert shown(alice) == USUAL_COLUMNS


def test_the_way_back_keeps_the_filter_and_leads_nowhere_else(acme, alice):
    back = "?f=status.in.won&sort=name&next=https://elsewhere.example"
    answer = alice.post("/leads/columns/", {"columns": ["city"], "back": back})
    assert answer["Location"] == "/leads/?f=status.in.won&sort=name"


def test_the_dialog_offers_the_columns_of_exports(acme, alice):
    page = alice.get("/leads/columns/?back=%3Ff%3Dstatus.in.won", headers=HTMX).content.decode()
    assert "<html" not in page
    for name in COLUMNS:
        assert f'value="{name}"' in page
    assert page.count(" checked") == len(USUAL_COLUMNS)
    assert 'name="back" value="?f=status.in.won"' in page


@pytest.mark.parametrize("columns", [[], ["shoe_size"], ["city", "password"]])
def test_unknown_columns_change_nothing(acme, alice, columns):
    alice.post("/leads/columns/", {"columns": ["city"]})
    answer = alice.post("/leads/columns/", {"columns": columns})
    assert answer.status_code == 400
    with tenant_context(acme.id):
        assert ListColumns.objects.get().columns == ["city"]


def test_every_column_can_be_drawn(acme, alice):
    cast.lead(acme, first_name="Grace", owner=acme.alice, score=80, intent_topics=["cloud_cost"])
    cast.lead(acme)
    alice.post("/leads/columns/", {"columns": list(COLUMNS)})
    page = alice.get("/leads/")
    assert page.status_code == 200 and "Cloud cost" in page.content.decode()
