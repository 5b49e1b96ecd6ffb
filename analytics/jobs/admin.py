"""The jobs of all workspaces, for staff: how far, what went wrong, again or no more (N-10)."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
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
# What can be done with one job, by the noun in its address: how, and what is said then.
WORK: dict[str, tuple[Any, str]] = {
    "retry": (retry_job, "The job is back in the queue."),
    "cancellation": (cancel_job, "The job is asked to end."),
}
RETRYABLE = Q(status=Job.Status.FAILED)
CANCELLABLE = Q(status__in=Job.ACTIVE, cancel_requested=False)
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
    """All jobs, newest first.

    Pages with running jobs load anew by themselves, but not under the hands of who works on them.
    """

    # Few and paired, so that a laptop shows them all and a phone's cards stay short.
    list_display = ("job", "workspace", "state_label", "how_far", "started")
    list_display_links = ("job",)
    list_per_page = 25
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
    change_form_outer_before_template = "analytics/jobs/_work.html"
    ordering = ("-id",)  # in order of time
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("try_again", "cancel", "export_csv")
    fields = readonly_fields = (
        *("title", "workspace", "kind_words", "status", "how_far", "note"),
        *("failed", "attempts", "started_by", "created_at", "started_at", "finished_at"),
        *("took", "next_attempt_at", "error", "log", "content"),
    )

    @admin.display(description="Job", ordering="title")
    def job(self, job: Job) -> SafeString:
        """What it does, and of what kind it is."""
        return _two_lines(job.title, self.kind_words(job))

    @admin.display(description="Started", ordering="created_at")
    def started(self, job: Job) -> SafeString:
        """When it was asked for, by whom."""
        moment = timezone.localtime(job.created_at)
        return _two_lines(f"{moment:%-d %b %Y, %H:%M}", self.started_by(job))

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
        """Percent, items, what failed of them, and how long it took or will take."""
        said = f"{job.progress} %"
        if job.total:
            said += f", {format_number(job.processed)} of {format_number(job.total)}"
        if job.failed:
            said += f", {format_number(job.failed)} failed"
        if job.eta_seconds is not None:
            return f"{said}, about {format_duration(job.eta_seconds)} left"
        return f"{said}, in {self.took(job)}" if job.is_over and self.took(job) else said

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
        self._each(request, queryset, RETRYABLE, retry_job, "Back in the queue")

    @admin.action(description="Cancel", permissions=["work"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Ask the chosen jobs to end; what they hold of credits is given back."""
        self._each(request, queryset, CANCELLABLE, cancel_job, "Asked to end")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Job], possible: Q, do: Any, said: str
    ) -> None:
        """Do it with the chosen jobs and sum up; of all that match, with those that it is for."""
        if request.POST.get("select_across") == "1":
            queryset = queryset.filter(possible)
        jobs = list(queryset[: MOST_AT_ONCE + 1])
        done, refused = 0, Counter[str]()
        for job in jobs[:MOST_AT_ONCE]:
            try:
                do(workspace_id=job.workspace_id, job_id=job.id, actor=actor_of(request))
                done += 1
            except DomainError as refusal:
                refused[refusal.message] += 1
        for sentence, count in refused.items():
            left = f"{sentence} Left alone: {format_number(count)}."
            self.message_user(request, left, messages.WARNING)
        if len(jobs) > MOST_AT_ONCE:
            more = f"{MOST_AT_ONCE} jobs at once. There are more: do it again."
            self.message_user(request, more, messages.WARNING)
        if done or not jobs:
            self.message_user(request, f"{said}: {format_number(done)}.")

    def get_urls(self) -> list[URLPattern]:
        """With the addresses of the buttons on a job's page."""
        buttons = [
            path(
                f"<uuid:job_id>/{noun}/",
                self.admin_site.admin_view(require_POST(partial(self.work_view, noun=noun))),
                name=f"cursive_job_{noun}",
            )
            for noun in WORK
        ]
        return [*buttons, *super().get_urls()]

    def work_view(self, request: HttpRequest, job_id: UUID, noun: str) -> HttpResponse:
        """Try one job again or cancel it, and go back to its page."""
        if not self.has_work_permission(request):
            raise PermissionDenied
        job = get_object_or_404(self.get_queryset(request), id=job_id)
        do, said = WORK[noun]
        try:
            do(workspace_id=job.workspace_id, job_id=job.id, actor=actor_of(request))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, said)
        return redirect("admin:cursive_job_change", job.pk)

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
        context: dict[str, Any] = {"figures": figures_of(dict(kind_choices()))}
        if Job.objects.active().exists():
            context["reload_after"] = LIST_SECONDS
        answer = super().changelist_view(request, context | (extra_context or {}))
        return cast(HttpResponse, answer)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One job; with the button for what can be done with it."""
        job = self.get_object(request, object_id)
        context: dict[str, Any] = {"work_urls": self._work_urls(request, job)}
        if job is not None and not job.is_over:
            context["reload_after"] = JOB_SECONDS
        answer = super().change_view(request, object_id, form_url, context | (extra_context or {}))
        return cast(HttpResponse, answer)

    def _work_urls(self, request: HttpRequest, job: Job | None) -> dict[str, str]:
        if job is None or not self.has_work_permission(request):
            return {}
        may = {"retry": job.can_retry, "cancellation": job.can_cancel}
        return {
            noun: reverse(f"admin:cursive_job_{noun}", args=[job.pk])
            for noun, is_possible in may.items()
            if is_possible
        }


def _two_lines(first: str, second: str) -> SafeString:
    return format_html(
        '<span class="block text-right lg:text-left"><span class="block">{}</span>'
        '<span class="block font-normal text-xs text-base-500 dark:text-base-400">{}</span></span>',
        first,
        second,
    )


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
