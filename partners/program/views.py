"""The public page about selling, which is also where a workspace applies and sees how it stands."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest, WorkspaceRequest
from cursive.lib.errors import DomainError

from .forms import ApplicationForm
from .guards import partner_of
from .models import Partner
from .operations import apply_to_sell


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def join(request: WorkspaceRequest) -> HttpResponseBase:
    """What partners earn and how it works; for who is signed in, the application or its state."""
    if request.method == "POST":
        answer: HttpResponseBase = _apply(request)
        return answer
    if request.membership is None or request.workspace is None:
        return render(request, "partners/program/join.html")
    partner = partner_of(request.workspace.id)
    form = ApplicationForm.of(partner) if partner else _fresh_form(request)
    return _application_page(request, partner, form)


@member_required(role=Role.ADMIN)
def _apply(request: MemberRequest) -> HttpResponse:
    form = ApplicationForm(request.POST)
    if form.is_valid():
        try:
            apply_to_sell(
                workspace=request.workspace, actor=request.actor, values=form.cleaned_data
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, "Thank you. We read every application ourselves.")
            return redirect("partners:join")
    partner = partner_of(request.workspace.id)
    return _application_page(request, partner, form, status=400)


def _fresh_form(request: WorkspaceRequest) -> ApplicationForm:
    workspace = request.workspace
    assert workspace is not None
    return ApplicationForm(initial={"company": workspace.name, "tax_country": workspace.country})


def _application_page(
    request: HttpRequest, partner: Partner | None, form: ApplicationForm, status: int = 200
) -> HttpResponse:
    # A refused application is applied again on its page; a form with mistakes stays open.
    again = partner is not None and partner.status == Partner.Status.REJECTED
    context = {
        "partner": partner,
        "form": form,
        "open": partner is None or again,
        "again": again,
    }
    return render(request, "partners/program/application.html", context, status=status)
