"""One workspace with one of everything, and all kinds of visitors to it."""

from dataclasses import dataclass, field

from django.core.files.base import ContentFile
from django.db import connections
from django.test import Client

from accounts.access.middleware import SESSION_KEY
from accounts.invitations.operations import invite_person
from accounts.keys.operations import create_key
from accounts.profiles.operations import create_profile
from accounts.workspaces.models import Membership, Role, Workspace
from credits.purchases.models import CreditPurchase
from cursive.lib.actors import Actor
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.tenancy import tenant_context
from leads.bulk.operations import start_bulk
from leads.duplicates.merging import merge_leads
from leads.duplicates.models import DuplicateCandidate
from leads.filters.tree import EVERYBODY
from leads.imports.operations import upload_import
from leads.listing.operations import save_filter
from leads.records.notes import add_note
from marketplace.listings.models import SavedSearch
from marketplace.purchases.models import Order, OrderLine
from partners.submissions.operations import upload_submission
from segments.saved.operations import create_segment
from tests import cast, market
from tests.house.test_tenant_rules import tenant_tables
from tests.leads.enrichment.lists import enriched_list

# What a refused try may leave behind: a line that says that it was tried, and its count as a call,
# which a thread writes when it has time.
NOT_COMPARED = {
    *("accounts_auditentry", "accounts_securityevent"),
    *("credits_apicall", "credits_usagecount"),
}


@dataclass
class World:
    """Acme and its things (`ids` by the names of URL arguments), and clients by visitor.

    `lists` is Petra's workspace, whose are the things of routes for partners.
    """

    acme: Workspace
    lists: Workspace
    ids: dict[str, object] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    key: str = ""
    rival_key: str = ""

    def fingerprint(self) -> dict[str, str]:
        """A digest of each table's rows of both: equal when nothing has changed."""
        digests = [
            f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t"
            f" WHERE {'id' if table == 'accounts_workspace' else 'workspace_id'} = ANY(%(ids)s)"
            for table in sorted(set(tenant_tables()) - NOT_COMPARED)
        ]
        with connections["admin"].cursor() as cursor:
            cursor.execute(" UNION ALL ".join(digests), {"ids": [self.acme.id, self.lists.id]})
            return dict(cursor.fetchall())


def build() -> World:
    """Acme with Alice (owner), Ada (admin), Bob (member); the stranger Carol of Rival, which sells
    as well; Petra, whose workspace sells; Sam of the staff, without a workspace; nobody."""
    alice, ada, bob = cast.user("Alice"), cast.user("Ada"), cast.user("Bob")
    carol, sam = cast.user("Carol"), cast.staff()
    acme = cast.workspace("Acme", owner=alice, admin=ada, member=bob)
    rival, _ = market.partner("Rival", owner=carol)
    lists, petra = market.partner()
    world = World(acme, lists)
    people = {"owner": alice, "admin": ada, "member": bob, "stranger": carol}
    for name, user in {**people, "partner": petra, "staff": sam}.items():
        client = world.clients[name] = Client(raise_request_exception=False)
        client.force_login(user)
    session = world.clients["stranger"].session
    session[SESSION_KEY] = str(rival.id)
    session.save()
    world.clients["anonymous"] = Client(raise_request_exception=False)
    actor = cast.actor_for(alice)
    with tenant_context(rival.id):
        _, world.rival_key = create_key(
            workspace_id=rival.id,
            actor=cast.actor_for(carol),
            name="Theirs",
            scopes=["read", "write", "billing"],
        )
    lead = cast.lead(acme)
    twins = sorted((cast.lead(acme).id, cast.lead(acme).id))
    merged = [cast.lead(acme).id, cast.lead(acme).id]
    with tenant_context(lists.id):
        submission = upload_submission(
            workspace=lists,
            actor=cast.actor_for(petra),
            file=ContentFile(b"Mail\na@b.example\n", name="a.csv"),
            details=market.DETAILS,
        )
    with tenant_context(acme.id):
        key, world.key = create_key(
            workspace_id=acme.id, actor=actor, name="Ours", scopes=["read", "write", "billing"]
        )
        job, _ = enqueue_job(
            workspace_id=acme.id,
            kind="export",
            title="Export",
            params={},
            actor=Actor.system("test"),
        )
        invitation = invite_person(
            workspace_id=acme.id, actor=actor, email="dora@cast.example", role=Role.MEMBER
        )
        profile = create_profile(
            workspace_id=acme.id, actor=actor, values={"name": "Acme", "sells": "Anvils"}
        )
        shared = save_filter(
            workspace_id=acme.id,
            actor=actor,
            name="All",
            filter=EVERYBODY,
            sort="newest",
            is_shared=True,
        )
        search = save_filter(
            workspace_id=acme.id,
            actor=actor,
            name="All on sale",
            filter=EVERYBODY,
            sort="newest",
            is_shared=True,
            kind=SavedSearch,
        )
        note = add_note(workspace_id=acme.id, lead_id=lead.id, actor=actor, text="Ours")
        bulk = start_bulk(
            workspace_id=acme.id,
            actor=actor,
            action="set_status",
            values={"status": "contacted"},
            ids=[lead.id],
        )
        segment = create_segment(workspace=acme, actor=actor, name="All", filter=EVERYBODY)
        imported = upload_import(
            workspace=acme, actor=actor, file=ContentFile(b"Mail\na@b.example\n", name="a.csv")
        )
        purchase = CreditPurchase.objects.create(
            workspace=acme,
            key="one",
            package_code="growth",
            package_name="Growth",
            credits=500,
            cents=19_900,
        )
        upload, enrichment = enriched_list(acme, actor)
        candidate = DuplicateCandidate.objects.create(
            workspace=acme, first_id=twins[0], second_id=twins[1], confidence=90
        )
        order = Order.objects.create(
            workspace=acme, key="one", request="x", leads=1, credits=2, cents=100
        )
        line = OrderLine.objects.create(
            workspace=acme,
            order=order,
            listing_id=1,
            lead_id=lead.id,
            seller_id=lists.id,
            credits=2,
            cents=100,
        )
        merge = merge_leads(workspace_id=acme.id, actor=actor, lead_ids=merged)
        world.ids = {
            "list_id": upload.id,
            "enrichment_id": enrichment.id,
            "candidate_id": candidate.id,
            "merge_id": merge.id,
            "order_id": order.id,
            "line_id": line.id,
            "workspace_id": acme.id,
            "lead_id": lead.id,
            "job_id": job.id,
            "key_id": key.id,
            "import_id": imported.id,
            "invitation_id": invitation.id,
            "profile_id": profile.id,
            "segment_id": segment.id,
            "purchase_id": purchase.id,
            "filter_id": shared.id,
            "search_id": search.id,
            "note_id": note.id,
            "run_id": bulk.run.id,
            "submission_id": submission.id,
            "membership_id": Membership.objects.get(user=bob).id,
        }
    return world
