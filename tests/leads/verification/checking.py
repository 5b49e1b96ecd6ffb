"""Words for starting and working verifications."""

from django.utils import timezone

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead, LeadActivity
from leads.verification.models import Check
from leads.verification.operations import start_verification
from tests import cast


def named(workspace, *names: str) -> list[Lead]:
    """Leads whose addresses say what they are: `named(acme, "invalid", "ok")`."""
    return [
        cast.lead(workspace, first_name=name, email=f"{name}.{n}@people.example")
        for n, name in enumerate(names)
    ]


def start(workspace, leads=(), **options) -> Job:
    with tenant_context(workspace.id):
        return start_verification(
            workspace_id=workspace.id,
            actor=workspace.actor,
            ids=[lead.id for lead in leads],
            **options,
        )


def work(workspace, job) -> Job:
    run_job(workspace_id=workspace.id, job_id=job.id)
    return again(workspace, job)


def again(workspace, job) -> Job:
    with tenant_context(workspace.id):
        return Job.objects.get(workspace_id=workspace.id, id=job.id)


def later(workspace, job) -> Job:
    """Let the time pass that the job waits for, then work on."""
    return work(workspace, let_time_pass(workspace, job))


def let_time_pass(workspace, job) -> Job:
    """Waits are over, and the leases of the dead run out."""
    now = timezone.now()
    with tenant_context(workspace.id):
        Check.objects.filter(job_id=job.id, state="waiting").update(next_attempt_at=now)
        Check.objects.filter(job_id=job.id, state="asking").update(lease_until=now)
        jobs = Job.objects.filter(id=job.id)
        jobs.update(next_attempt_at=now)
        jobs.filter(lease_until__isnull=False).update(lease_until=now)
    return again(workspace, job)


def checks(workspace) -> list[Check]:
    with tenant_context(workspace.id):
        return list(Check.objects.filter(workspace_id=workspace.id).order_by("address"))


def fresh(workspace, lead) -> Lead:
    with tenant_context(workspace.id):
        return Lead.objects.get(workspace_id=workspace.id, id=lead.id)


def timeline(workspace, lead) -> list[str]:
    with tenant_context(workspace.id):
        lines = LeadActivity.objects.filter(workspace_id=workspace.id, lead_id=lead.id)
        return list(lines.values_list("text", flat=True))
