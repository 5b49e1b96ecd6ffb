"""Making the demo, step by step; what is there already stays as it is."""

import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files import File

from accounts.keys.models import ApiKey
from accounts.keys.operations import create_key, revoke_key
from accounts.profiles.operations import create_profile
from accounts.workspaces.models import Membership, Role, User, Workspace
from accounts.workspaces.operations import create_workspace
from credits.ledger.operations import grant
from cursive.lib.actors import Actor
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import system_context, tenant_context
from leads.bulk.operations import start_bulk
from leads.catalogue.generate import generate_people
from leads.catalogue.loader import load_file
from leads.catalogue.snapshots import Snapshots
from leads.filters.document import parse
from leads.imports.models import Import
from leads.imports.operations import upload_import
from leads.records.models import Lead
from leads.records.notes import add_note
from leads.scoring.models import ScoreDay
from leads.scoring.queries import distribution_of
from leads.scoring.rule import today
from segments.saved.models import Segment
from segments.saved.operations import create_segment, pull_leads

from .cast import (
    CATALOGUE_ROWS,
    CATALOGUE_SEED,
    COMPANIES,
    FIRST_PULL,
    PEOPLE,
    SELLER,
    Company,
    Person,
)
from .doubles import make_doubles
from .lists import make_list
from .market import make_market

SIGN_INS = settings.BASE_DIR / ".run" / "demo.json"
SAMPLE = settings.BASE_DIR / "static" / "samples" / "people.csv"
KEY_NAME = "Demo"


def make_demo(*, say: Callable[[str], Any], path: Path = SIGN_INS) -> dict[str, Any]:
    """Make what is missing of the demo and write its sign-ins to `path`; returns them.

    The file is the only place that has the passwords and keys: without it both are made anew. A
    password that somebody has changed since stays theirs; its entry says `changed` then.
    """
    known = _read(path)
    sign_ins: dict[str, Any] = {"base_url": settings.BASE_URL}
    people = {}
    for person in PEOPLE:
        name = person.name.lower()
        user, password = _person(person, known.get(name, {}).get("password", ""))
        people[person] = user
        sign_ins[name] = {"email": person.email, "password": password}
        if not user.check_password(password):
            sign_ins[name]["changed"] = True
    keys = known.get("api_keys", {})
    sign_ins["api_keys"] = {}
    workspaces = {}
    for company in (*COMPANIES, SELLER):
        workspace = workspaces[company.name] = _workspace(company, people)
        token = _key(workspace, people[company.owner], keys.get(company.name.lower(), ""))
        sign_ins["api_keys"][company.name.lower()] = token
    _write(path, sign_ins)
    if Snapshots(Path(settings.CATALOGUE_DIR)).current() is None:
        say(f"Making a lead database of {CATALOGUE_ROWS:,} people ...")
        _catalogue()
    for company in COMPANIES:
        _segments(workspaces[company.name], company, people[company.owner])
        make_list(workspaces[company.name], _actor(people[company.owner]))
        make_doubles(workspaces[company.name], _actor(people[company.owner]))
        _import(workspaces[company.name], people[company.owner])
    petra = people[SELLER.owner]
    make_market(workspaces[SELLER.name], petra, _actor(petra), catalogue=CATALOGUE_ROWS)
    return sign_ins


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, sign_ins: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(sign_ins, indent=2) + "\n")
    partial.replace(path)


def _person(person: Person, password: str) -> tuple[User, str]:
    with system_context():
        user, new = User.objects.get_or_create(
            email=person.email,
            defaults={
                "name": person.name,
                "is_staff": person.staff,
                "is_superuser": person.staff,
            },
        )
        EmailAddress.objects.get_or_create(
            user=user, email=user.email, defaults={"verified": True, "primary": True}
        )
        if new or not password:
            password = f"demo-{secrets.token_hex(6)}"
            user.set_password(password)
            user.save(update_fields=["password"])
    return user, password


def _actor(user: User) -> Actor:
    return Actor(
        kind="user",
        label=user.email,
        user_id=user.id,
        role=Role.OWNER,
        scopes=frozenset({"read", "write", "billing"}),
    )


def _workspace(company: Company, people: dict[Person, User]) -> Workspace:
    owner = people[company.owner]
    with system_context():
        found = Membership.objects.filter(user=owner, workspace__name=company.name).first()
        workspace = found.workspace if found else None
    if workspace is None:
        workspace = create_workspace(actor=_actor(owner), name=company.name)
        with tenant_context(workspace.id):
            for role, person in company.members.items():
                Membership.objects.create(workspace=workspace, user=people[person], role=role)
            if company.profile:
                create_profile(
                    workspace_id=workspace.id, actor=_actor(owner), values=company.profile
                )
    with tenant_context(workspace.id):
        grant(
            workspace_id=workspace.id,
            amount=company.credits,
            action="grant",
            reference=("demo", company.name),
            key="demo",
            actor=Actor.system("demo"),
            metadata={"reason": "Demo credits"},
        )
    return workspace


def _key(workspace: Workspace, owner: User, token: str) -> str:
    with tenant_context(workspace.id):
        keys = ApiKey.objects.filter(workspace=workspace, name=KEY_NAME, revoked_at__isnull=True)
        if token and any(token.startswith(key.prefix) for key in keys):
            return token
        for key in keys:
            revoke_key(workspace_id=workspace.id, actor=_actor(owner), key_id=key.id)
        _, token = create_key(
            workspace_id=workspace.id,
            actor=_actor(owner),
            name=KEY_NAME,
            scopes=["read", "write", "billing"],
        )
    return token


def _catalogue() -> None:
    folder = Path(settings.CATALOGUE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    people = folder / "demo.parquet"
    generate_people(people, rows=CATALOGUE_ROWS, seed=CATALOGUE_SEED)
    load_file(people, folder)
    people.unlink()


def _import(workspace: Workspace, owner: User) -> None:
    """A file whose preview waits to be confirmed."""
    with tenant_context(workspace.id), SAMPLE.open("rb") as sample:
        if Import.objects.filter(workspace=workspace).exists():
            return
        made = upload_import(
            workspace=workspace,
            actor=_actor(owner),
            file=File(sample, name=SAMPLE.name),
            label="Business cards",
            preview=True,
        )
        assert made.preview_job_id is not None
    run_job(workspace_id=workspace.id, job_id=made.preview_job_id)


def _segments(workspace: Workspace, company: Company, owner: User) -> None:
    with tenant_context(workspace.id):
        if not company.segments or Segment.objects.filter(workspace=workspace).exists():
            return
        made = [
            create_segment(
                workspace=workspace,
                actor=_actor(owner),
                name=name,
                filter=parse(document, scope="catalogue"),
            )
            for name, document in company.segments
        ]
    with tenant_context(workspace.id):
        job = pull_leads(
            workspace=workspace,
            actor=_actor(owner),
            segment=made[0],
            limit=FIRST_PULL,
            key="demo",
        )
    run_job(workspace_id=workspace.id, job_id=job.id)
    with tenant_context(workspace.id):
        _past_scores(workspace)
        _work(workspace, _actor(owner))


def _past_scores(workspace: Workspace) -> None:
    """Some weeks of scores before today's, so that there is a trend to look at."""
    now = distribution_of(workspace.id)
    ScoreDay.objects.bulk_create(
        ScoreDay(
            workspace=workspace,
            day=today() - timedelta(days=ago),
            histogram=now.bins,
            total=now.total * (100 - ago - ago % 3) // 100,
        )
        for ago in range(1, 31)
    )


def _work(workspace: Workspace, actor: Actor) -> None:
    """Some leads are worked on: tags, statuses, an owner, notes."""
    best = list(Lead.objects.filter(workspace=workspace).order_by("id")[:24])
    for action, leads, values in (
        ("add_tags", best[:18], {"tags": ["conference", "spring campaign"]}),
        ("add_tags", best[6:12], {"tags": ["vip"]}),
        ("assign", best[:15], {"owner": str(actor.user_id)}),
        ("set_status", best[3:12], {"status": "contacted"}),
        ("set_status", best[3:6], {"status": "qualified"}),
    ):
        start_bulk(
            workspace_id=workspace.id,
            actor=actor,
            action=action,
            values=values,
            ids=[lead.id for lead in leads],
        )
    for lead in best[3:5]:
        for text in ("Met at the conference. Wants to see a demo.", "Call again on Thursday."):
            add_note(workspace_id=workspace.id, lead_id=lead.id, actor=actor, text=text)
