"""What the tests of duplicates share: leads that are one person, and the search for them."""

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.duplicates.models import DuplicateCandidate
from leads.duplicates.search import start_search
from leads.records.models import Lead
from tests import cast

GRACE = {
    "first_name": "Grace",
    "last_name": "Hopper",
    "company_name": "Navy Computing",
    "company_domain": "navy.example",
    "title": "Rear Admiral",
}


def actor(acme):
    return cast.actor_for(acme.alice)


def pair(acme, first: dict | None = None, second: dict | None = None) -> DuplicateCandidate:
    """An open candidate of two Graces."""
    leads = [cast.lead(acme, **GRACE | (given or {})) for given in (first, second)]
    low, high = sorted(leads, key=lambda lead: lead.id)
    with tenant_context(acme.id):
        return DuplicateCandidate.objects.create(
            workspace=acme, first=low, second=high, confidence=90, reasons=["Same last name"]
        )


def search(acme) -> Job:
    """Search for duplicates to the end."""
    with tenant_context(acme.id):
        job = start_search(workspace_id=acme.id, actor=actor(acme))
    run_job(workspace_id=acme.id, job_id=job.id)
    with tenant_context(acme.id):
        return Job.objects.get(id=job.id)


def candidates(acme) -> list[DuplicateCandidate]:
    with tenant_context(acme.id):
        return list(DuplicateCandidate.objects.filter(workspace=acme, state="open").order_by("id"))


def lead(acme, lead_id) -> Lead:
    with tenant_context(acme.id):
        return Lead.objects.get(id=lead_id)


def rows(acme) -> list[dict]:
    """All leads of the workspace, column by column."""
    with tenant_context(acme.id):
        return list(Lead.objects.filter(workspace=acme).order_by("id").values())
