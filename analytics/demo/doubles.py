"""People who are in the demo twice, so that there are duplicates to look at."""

from collections.abc import Iterator
from typing import Any

from accounts.workspaces.models import Workspace
from cursive.lib.actors import Actor
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.duplicates.queries import last_search
from leads.duplicates.search import start_search
from leads.records.creation import create_lead
from leads.records.models import Lead

NORA = {"first_name": "Nora", "last_name": "Lindqvist", "title": "Head of Data"}
# An underscore: Gmail gives nobody such an address.
GMAIL = "nora_lindqvist@gmail.com"


def make_doubles(workspace: Workspace, actor: Actor) -> None:
    """Add three people who are leads already, and search for duplicates once."""
    with tenant_context(workspace.id):
        pulled = Lead.objects.filter(workspace=workspace, source=Lead.Source.DATABASE)
        if last_search(workspace.id) or not pulled.exists():
            return
        named = pulled.exclude(first_name="").exclude(last_name="").exclude(company_name="")
        with_phone = named.exclude(phone="").order_by("-id").first()
        for values in _doubles(with_phone, named.order_by("id").first()):
            create_lead(workspace=workspace, actor=actor, values=values)
        job = start_search(workspace_id=workspace.id, actor=actor)
    run_job(workspace_id=workspace.id, job_id=job.id)


def _doubles(with_phone: Lead | None, other: Lead | None) -> Iterator[dict[str, Any]]:
    """Values of leads: who are there already, and Nora twice."""
    if with_phone is not None:  # the same number and nearly the same name, another address
        yield _again(with_phone) | {
            "first_name": _mistyped(with_phone.first_name),
            "email": "private@mail.example",
            "phone": with_phone.phone,
        }
    if other is not None:  # a slip in the name, at the same company
        yield _again(other) | {
            "last_name": _mistyped(other.last_name),
            "email": f"office@{other.company_domain or 'mail.example'}",
        }
    # Two addresses that nothing joins: an address that either has would be refused.
    yield NORA | {
        "email": "nora@lindqvist.example",
        "company_name": "Lindqvist Analytics",
        "company_domain": "lindqvist.example",
    }
    yield NORA | {"email": GMAIL, "company_name": "Lindqvist Analytics AB"}


def _again(lead: Lead) -> dict[str, Any]:
    kept = ("first_name", "last_name", "title", "company_name", "company_domain", "city")
    return {name: value for name in kept if (value := getattr(lead, name))}


def _mistyped(name: str) -> str:
    return name + name[-1]
