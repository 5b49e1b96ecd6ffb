"""Submissions for staff: the queue, a sample of each, and what is decided (P-5)."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.errors import DomainError
from cursive.lib.ui.formatting import format_cents, format_number

from . import review
from .forms import ReviewForm
from .models import Submission
from .queries import figures_of, sales_of, sample_of

LIST = "admin:partners_submission_changelist"
REVIEW = "admin:partners_submission_review"
link_from_workspace("Submissions", LIST)


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """All submissions, those that wait for review first, the longest waiting at the top."""

    list_display = (
        "number_label",
        "workspace",
        "state_label",
        "valid",
        "duplicate_rows",
        "invalid",
        "quality",
        "price",
        "submitted_at",
        "decision",
    )
    list_select_related = ("workspace", "upload")
    list_filter = ("status", "submitted_at")
    list_filter_submit = True
    paginator = InfinitePaginator
    show_full_result_count = False
    change_form_outer_before_template = "partners/submissions/admin/_review.html"
    change_form_outer_after_template = "partners/submissions/admin/_sample.html"
    fields = readonly_fields = (
        *("number_label", "workspace", "status", "file", "source", "collected_on"),
        *("price", "max_sales", "categories", "rows", "valid", "duplicates_by_kind", "invalid"),
        *("quality_by_part", "approved", "submitted_at", "reviewed_at", "reviewed_by"),
        *("reject_reason", "refusal"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        """With what waits first."""
        found = super().get_queryset(request)
        first = Case(When(status=Submission.Status.REVIEW, then=Value(0)), default=Value(1))
        return cast("QuerySet[Submission]", found.order_by(first, "submitted_at", "-id"))

    @admin.display(description="Submission")
    def number_label(self, submission: Submission) -> str:
        """Its number, as the partner knows it."""
        return str(submission)

    @display(
        description="State",
        label={
            **dict.fromkeys(Submission.Status.values, ""),
            "review": "warning",
            "approved": "success",
            "rejected": "danger",
            "refused": "danger",
            "publishing": "info",
            "validating": "info",
        },
    )
    def state_label(self, submission: Submission) -> tuple[str, str]:
        """The state, in its colour."""
        return submission.status, str(submission.get_status_display())

    @admin.display(description="File")
    def file(self, submission: Submission) -> str:
        """The file's name."""
        return submission.upload.file_name

    @admin.display(description="Price")
    def price(self, submission: Submission) -> str:
        """In dollars."""
        return format_cents(submission.price_cents)

    @admin.display(description="Duplicates")
    def duplicate_rows(self, submission: Submission) -> str:
        """Of all kinds."""
        return format_number(submission.duplicates)

    @admin.display(description="Duplicates")
    def duplicates_by_kind(self, submission: Submission) -> str:
        """Told apart."""
        return (
            f"{submission.doubles_in_file:,} in the file, {submission.doubles_own:,} of the same"
            f" partner, {submission.doubles_others:,} of other partners,"
            f" {submission.doubles_market:,} in the marketplace"
        )

    @admin.display(description="Quality")
    def quality_by_part(self, submission: Submission) -> str:
        """In all, and by part."""
        parts = ", ".join(
            f"{name.lower()} {points} of {most}" for name, points, most in submission.by_part
        )
        return f"{submission.quality} of 100: {parts}"

    @admin.display(description="Reviewed by")
    def reviewed_by(self, submission: Submission) -> str:
        """Who of the staff decided."""
        return submission.reviewed_by_label or "–"

    @admin.display(description="Turned down because")
    def reject_reason(self, submission: Submission) -> str:
        """The code in words, and the text."""
        return submission.reject_reason or "–"

    @admin.display(description="")
    def decision(self, submission: Submission) -> SafeString:
        """The link to the form."""
        if submission.status != Submission.Status.REVIEW:
            return SafeString("")
        return format_html(
            '<a class="font-medium text-primary-600 dark:text-primary-500" href="{}">Review</a>',
            reverse("admin:partners_submission_change", args=[submission.pk]),
        )

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Who may change submissions may decide about them."""
        return bool(request.user.has_perm("partners.change_submission"))

    def get_urls(self) -> list[URLPattern]:
        """With the address of the decision."""
        page = self.admin_site.admin_view(self.review_page)
        return [
            path("<uuid:object_id>/review/", page, name="partners_submission_review"),
            *super().get_urls(),
        ]

    def review_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form, and what follows when it is sent."""
        if not self.has_review_permission(request):
            raise PermissionDenied
        found = self.get_object(request, str(object_id))
        if found is None:
            raise Http404
        form = ReviewForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                self.message_user(request, self._decide(request, found, form))
                return redirect(LIST)
            except DomainError as refusal:
                for name, sentence in (refusal.fields or {"": refusal.message}).items():
                    form.add_error(name if name in form.fields else None, sentence)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Review {found}",
            "opts": self.opts,
            "found": found,
            "form": form,
            "back": reverse("admin:partners_submission_change", args=[found.pk]),
        }
        return render(request, "partners/submissions/admin/review.html", context)

    def _decide(self, request: HttpRequest, found: Submission, form: ReviewForm) -> str:
        whose: dict[str, Any] = {
            "workspace_id": found.workspace_id,
            "submission_id": found.id,
            "actor": actor_of(request),
        }
        given = form.cleaned_data
        if given["decision"] == "reject":
            review.reject_submission(**whose, code=given["code"], text=given["text"])
            return f"{found} is rejected; the partner is mailed."
        review.approve_submission(
            **whose, selection=form.selection(), code=given["code"], text=given["text"]
        )
        return f"{found} is being put on sale; the partner is mailed when that is done."

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One submission, with the partner's history and a sample of its people, which is noted."""
        context: dict[str, Any] = {}
        found = self.get_object(request, object_id)
        if found is not None and self.has_view_permission(request, found):
            earlier = list(
                Submission.objects.filter(workspace_id=found.workspace_id)
                .exclude(id=found.id)
                .order_by("-created_at")[:10]
            )
            sales = sales_of(earlier)
            context = {
                "title": f"{found} of {found.workspace}",
                "found": found,
                "figures": figures_of(found.workspace_id, None),
                "earlier": [(each, sales[each.id]) for each in earlier],
                "sample": sample_of(found),
            }
            if context["sample"]:
                review.look_at_people(actor=actor_of(request), submission=found)
            if found.status == Submission.Status.REVIEW and self.has_review_permission(request):
                context["review_url"] = reverse(REVIEW, args=[found.pk])
        return cast(
            HttpResponse,
            super().change_view(request, object_id, form_url, context | (extra_context or {})),
        )
