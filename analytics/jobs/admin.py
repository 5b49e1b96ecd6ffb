"""The jobs of all workspaces, for staff: how far, what went wrong, again or no more (N-10)."""

import json
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin, newest_batches, text_filter
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.audit_port import record
from cursive.lib.errors import DomainError
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, retry_job
from cursive.lib.jobs.registry import kind_choices
from cursive.lib.tables.writing import csv_lines
from cursive.lib.ui.formatting import format_duration, format_number

from .queries import figures_of

LABELS = {
    "pending": "warning",
    "processing": "info",
    "completed": "success",
    "failed": "danger",
    "cancelled": "default",
}
MOST_AT_ONCE = 100
EXPORT_BATCH = 500
LIST_SECONDS, JOB_SECONDS = 10, 3
COLUMNS = (
    *("id", "workspace", "workspace_name", "type", "title", "status", "total", "processed"),
    *("failed", "attempts", "started_by", "created", "started", "finished", "seconds", "error"),
)
link_from_workspace("Jobs", "admin:cursive_job_changelist", "workspace")


class KindFilter(admin.SimpleListFilter):
    """The kinds of job by their names."""

    title = "type"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All kinds that there are."""
        return kind_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Jobs of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """All jobs, newest first. Pages with running jobs load anew by themselves."""

    list_display = (
        "created_at",
        "workspace",
        "kind_words",
        "title",
        "state_label",
        "how_far",
        "failed",
        "took",
        "started_by",
    )
    list_display_links = ("created_at", "title")
    list_select_related = ("workspace",)
    list_filter = (
        "status",
        KindFilter,
        text_filter("workspace", "workspace's id", "workspace_id", UUID),
        text_filter("text", "title holds", "title__icontains"),
        "created_at",
    )
    list_filter_submit = True
    list_before_template = "analytics/jobs/_figures.html"
    ordering = ("-id",)  # in order of time
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("try_again", "cancel", "export_csv")
    fields = readonly_fields = (
        *("title", "workspace", "kind_words", "status", "how_far", "note"),
        *("failed", "attempts", "started_by", "created_at", "started_at", "finished_at"),
        *("took", "next_attempt_at", "error", "log", "content"),
    )

    @display(description="Status", label=LABELS, ordering="status")
    def state_label(self, job: Job) -> tuple[str, str]:
        """The status, in its colour."""
        return job.status, "Stopping" if job.cancel_requested and not job.is_over else str(
            job.get_status_display()
        )

    @admin.display(description="Type", ordering="kind")
    def kind_words(self, job: Job) -> str:
        """What kind of work it is."""
        return dict(kind_choices()).get(job.kind, job.kind)

    @admin.display(description="Progress")
    def how_far(self, job: Job) -> str:
        """Percent, items, and how long it will take."""
        said = f"{job.progress} %"
        if job.total:
            said += f", {format_number(job.processed)} of {format_number(job.total)}"
        if job.eta_seconds is not None:
            said += f", about {format_duration(job.eta_seconds)} left"
        return said

    @admin.display(description="Took")
    def took(self, job: Job) -> str:
        """From its first step to its end, or until now."""
        seconds = _seconds(job)
        return "" if seconds is None else format_duration(seconds)

    @admin.display(description="Started by")
    def started_by(self, job: Job) -> str:
        """Who asked for it."""
        return job.created_by_label or "The system"

    @admin.display(description="Log")
    def log(self, job: Job) -> str:
        """What went wrong, oldest first; the last fifty lines are kept."""
        if not job.errors:
            return "Nothing went wrong."
        lines = format_html_join("", "<li>{}</li>", ((line,) for line in job.errors))
        return format_html('<ul class="list-disc pl-5">{}</ul>', lines)

    @admin.display(description="What it was told, and what came of it")
    def content(self, job: Job) -> SafeString:
        """Parameters, cursor and result as JSON."""
        known = {"params": job.params, "cursor": job.cursor, "result": job.result}
        return format_html(
            '<textarea readonly rows="20" aria-label="What it was told, and what came of it"'
            ' class="bg-transparent border border-base-200 dark:border-base-700 font-mono p-2'
            ' rounded-default text-xs w-full">{}</textarea>',
            json.dumps(known, indent=2, ensure_ascii=False),
        )

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Who may change jobs may try them again and cancel them."""
        return bool(request.user.has_perm("cursive.change_job"))

    @admin.action(description="Try again", permissions=["work"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Put the chosen failed jobs back in the queue; each goes on from where it was."""
        self._each(request, queryset, retry_job, "Back in the queue")

    @admin.action(description="Cancel", permissions=["work"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Ask the chosen jobs to end; what they hold of credits is given back."""
        self._each(request, queryset, cancel_job, "Asked to end")

    def _each(self, request: HttpRequest, queryset: QuerySet[Job], do: Any, said: str) -> None:
        done = 0
        for job in queryset[:MOST_AT_ONCE]:
            try:
                do(workspace_id=job.workspace_id, job_id=job.id, actor=actor_of(request))
                done += 1
            except DomainError as refusal:
                self.message_user(request, f"{job}: {refusal.message}", messages.WARNING)
        if done:
            self.message_user(request, f"{said}: {format_number(done)}.")

    @admin.action(description="Export as CSV")
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponseBase:
        """The chosen jobs, or all that the filters leave, as CSV."""
        record(
            action="export",
            resource="jobs",
            resource_id="",
            actor=actor_of(request),
            severity="warning",
        )
        day = timezone.localdate()
        return StreamingHttpResponse(
            csv_lines(_rows(queryset.select_related("workspace"))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="jobs-{day:%Y-%m-%d}.csv"'},
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with the success of the last 30 days above it."""
        figures = {"figures": figures_of(dict(kind_choices()))}
        answer = super().changelist_view(request, figures | (extra_context or {}))
        if request.method == "GET" and Job.objects.active().exists():
            answer["Refresh"] = str(LIST_SECONDS)
        return cast(HttpResponse, answer)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One job."""
        answer = super().change_view(request, object_id, form_url, extra_context)
        job = self.get_object(request, object_id)
        if job is not None and not job.is_over:
            answer["Refresh"] = str(JOB_SECONDS)
        return cast(HttpResponse, answer)


def _seconds(job: Job) -> float | None:
    if job.started_at is None:
        return None
    return ((job.finished_at or timezone.now()) - job.started_at).total_seconds()


def _rows(queryset: QuerySet[Job]) -> Iterator[list[object]]:
    yield list(COLUMNS)
    for batch in newest_batches(queryset, EXPORT_BATCH):
        for job in batch:
            seconds = _seconds(job) if job.finished_at else None
            yield [
                *(job.id, job.workspace_id, job.workspace.name, job.kind, job.title, job.status),
                *(job.total, job.processed, job.failed, job.attempts, job.created_by_label),
                *(_moment(job.created_at), _moment(job.started_at), _moment(job.finished_at)),
                "" if seconds is None else round(seconds, 1),
                job.error,
            ]


def _moment(moment: Any) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
