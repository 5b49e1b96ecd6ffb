"""Workspaces with people, leads, segments, jobs and credits, for the pages to show."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth import SESSION_KEY as USER_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.utils import timezone

from accounts.keys.operations import create_key
from accounts.workspaces.models import Membership, Role, User, Workspace
from accounts.workspaces.operations import create_workspace
from credits.ledger.operations import grant, spend
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import atomic, connection, system_context, tenant_context
from leads.filters.document import parse
from leads.records.models import Lead
from segments.saved.operations import create_segment

PEOPLE = 10  # in a workspace
LEADS = 5_000  # in a workspace, unless all are to have fewer
SEGMENTS, JOBS, SPENDINGS = 20, 60, 60
COUNTRIES = ("US", "GB", "DE", "FR")
SENIORITIES = ("manager", "director", "vp", "c_suite", "senior")
CREDITS = Decimal(5_000)

# What differs from lead to lead; all else is copied from one that Django has made.
VARIED = {
    "id": "gen_random_uuid()",
    "first_name": "(ARRAY['Ada','Björn','Chloé','Dev','Emeka','Fatima','Greta'])[1 + mod(n, 7)]",
    "last_name": "'Person ' || substr(md5(n::text), 1, 7)",
    "email": "'person' || n || '@people.example'",
    "email_key": "'person' || n || '@people.example'",
    "dedup_hash": "md5(n::text) || md5((-n)::text)",
    "title": "(ARRAY['VP Engineering','Head of Sales','Owner','Data Engineer'])[1 + mod(n, 4)]",
    "work_email": "'person' || n || '@people.example'",
    "email_type": "'work'",
    "phone": "'+1415' || 2000000 + n",
    "phone_type": "'mobile'",
    "mobile_phone": "'+1415' || 2000000 + n",
    "phone_key": "'+1415' || 2000000 + n",
    "linkedin_url": "'https://www.linkedin.com/in/person-' || n",
    "seniority": "(ARRAY['vp','director','owner','senior','manager'])[1 + mod(n, 5)]",
    "department": "(ARRAY['engineering','sales','operations'])[1 + mod(n, 3)]",
    "industry": "(ARRAY['software','banking','retail','insurance','media'])[1 + mod(n * 7, 5)]",
    "employee_band": "(ARRAY['11-50','51-200','201-500','1001-5000'])[1 + mod(n * 3, 4)]",
    "intent_topics": "ARRAY['crm_software', 'cloud_security']",
    "company_name": "'Company ' || mod(n, 997)",
    "company_domain": "'company' || mod(n, 997) || '.example'",
    "country": "(ARRAY['US','GB','DE','FR'])[1 + mod(n, 4)]",
    "city": "'City ' || mod(n, 313)",
    "status": "(ARRAY['new','new','contacted','qualified','won','lost'])[1 + mod(n, 6)]",
    "score": "mod(n * 37, 101)",
    "score_factors": """'{"email": 20, "title": 15, "size": 15, "recency": 9}'""",
    # Three in ten have the common tag, and one in a hundred thousand the rare one.
    "tags": "(CASE WHEN mod(n, 100000) = 7 THEN ARRAY['rare'] WHEN mod(n, 10) < 3"
    " THEN ARRAY['customer', 'event ' || mod(n, 50)] ELSE ARRAY[]::text[] END)::varchar(40)[]",
    "created_at": "now() - n * interval '2 minutes'",
    "updated_at": "now() - n * interval '1 minute'",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in: their session's cookie, and the API key of their workspace."""

    cookie: str
    key: str

    def headers(self) -> Mapping[str, tuple[str, str]]:
        """The headers of their requests for pages, and for the API."""
        cookie = f"{settings.SESSION_COOKIE_NAME}={self.cookie}"
        return {"page": ("Cookie", cookie), "api": ("Authorization", f"Bearer {self.key}")}


def populate(*, users: int, leads: int) -> list[Visitor]:
    """Fill the database with so many people, ten to a workspace; the first one has `leads`."""
    visitors: list[Visitor] = []
    for number in range(0, users, PEOPLE):
        people = [person(number + i) for i in range(min(PEOPLE, users - number))]
        workspace, key = _workspace(people, min(leads, LEADS) if number else leads)
        visitors += [Visitor(_session(user), key) for user in people]
        _use(workspace, people[0])
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    connections.close_all()
    return visitors


def person(number: int) -> User:
    """Somebody who can sign in."""
    with system_context():
        user = User.objects.create_user(f"person{number}@bench.example", name=f"Person {number}")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def actor_of(user: User) -> Actor:
    """Who an owner's request would be by."""
    return Actor(
        kind="user",
        label=user.email,
        user_id=user.id,
        role=Role.OWNER,
        scopes=frozenset({"read", "write", "billing"}),
    )


def _workspace(people: list[User], leads: int) -> tuple[Workspace, str]:
    owner, *members = people
    workspace = create_workspace(actor=actor_of(owner), name=f"Workspace of {owner.name}")
    with tenant_context(workspace.id):
        for user in members:
            Membership.objects.create(workspace=workspace, user=user)
        _, key = create_key(
            workspace_id=workspace.id, actor=actor_of(owner), name="Bench", scopes=["read"]
        )
    with system_context(), atomic():
        first = Lead.objects.create(workspace=workspace, source="database", dedup_hash="0" * 64)
        copy_leads(first, leads - 1)
    return workspace, key


def copy_leads(first: Lead, copies: int) -> None:
    """Make more leads of one, in the database, where a million take about a minute."""
    columns = [f.column or f.name for f in Lead._meta.local_concrete_fields if not f.generated]
    values = [VARIED.get(column, f'"{column}"') for column in columns]
    listed = ", ".join(f'"{column}"' for column in columns)
    statement = (
        f"INSERT INTO leads_lead ({listed}) SELECT {', '.join(values)}"
        " FROM leads_lead, generate_series(1, %s) n WHERE id = %s"
    )
    with connection().cursor() as cursor:
        cursor.execute(statement, [copies, first.id])


def _use(workspace: Workspace, owner: User) -> None:
    """What a workspace has after some weeks: segments, finished jobs, a page of spendings."""
    actor, now = actor_of(owner), timezone.now()
    with tenant_context(workspace.id):
        for number in range(SEGMENTS):
            conditions = [
                {"field": "country", "op": "in", "value": [COUNTRIES[number % 4]]},
                {"field": "seniority", "op": "in", "value": [SENIORITIES[number % 5]]},
            ]
            create_segment(
                workspace=workspace,
                actor=actor,
                name=f"Segment {number}",
                filter=parse({"version": 1, "all": conditions}, scope="catalogue"),
            )
        Job.objects.bulk_create(
            Job(
                workspace=workspace,
                kind="export",
                title=f"Export {number}",
                status=Job.Status.COMPLETED,
                total=1_000,
                processed=1_000,
                created_by=owner,
                created_by_label=actor.label,
                created_at=(at := now - datetime.timedelta(hours=number)),
                started_at=at,
                finished_at=at,
            )
            for number in range(JOBS)
        )
        system = Actor.system("bench")
        grant(
            workspace_id=workspace.id,
            amount=CREDITS,
            action="grant",
            reference=("bench", "start"),
            key="start",
            actor=system,
        )
        for number in range(SPENDINGS):
            spend(
                workspace_id=workspace.id,
                amount=Decimal("1.00"),
                action="lead_pull",
                reference=("bench", str(number)),
                key=f"spending-{number}",
                actor=system,
            )


def _session(user: User) -> str:
    """The cookie of a new session; password and second factor are taken as given."""
    with system_context():
        session = SessionStore()
        session[USER_SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
    return str(session.session_key)
